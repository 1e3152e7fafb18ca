import * as tf from '@tensorflow/tfjs';
import { type Axis, interpolationMatrix } from '../../../autodiff/interpolation.js';
import { fromStart } from '../../../graph/node-reader.js';
import type { Row } from '../row.js';
import type { Site } from '../site.js';
import { matmul } from './linear.js';
import { pick } from './picking.js';

/** Interpolation is separable: one matrix per axis, or rows picked where each has a single source. */
function resize(s: Site): tf.Tensor {
  if (s.flag('antialias')) throw s.unsupported('antialias');
  if (s.text('keep_aspect_ratio_policy', 'stretch') !== 'stretch')
    throw s.unsupported('keep_aspect_ratio_policy');
  const x = s.x();
  const axes = s.ints('axes')?.map((a) => fromStart(a, x.rank)) ?? x.shape.map((_, i) => i);
  const scales = s.optionalNumbers(2);
  const sizes = scales?.length ? undefined : s.numbers(3);
  const cropped = s.text('coordinate_transformation_mode', 'half_pixel') === 'tf_crop_and_resize';
  const region = cropped ? s.numbers(1) : undefined;
  return axes.reduce((y, axis, i) => {
    const inputs = x.shape[axis]!;
    const outputs = sizes ? sizes[i]! : Math.floor(inputs * scales![i]!);
    const scale = sizes ? outputs / inputs : scales![i]!;
    const roi = region && ([region[i]!, region[axes.length + i]!] as const);
    const whole = !roi || (roi[0] === 0 && roi[1] === 1);
    if (inputs === outputs && scale === 1 && whole) return y;
    return resizeAxis(s, y, axis, { inputs, outputs, scale, roi });
  }, x);
}

function resizeAxis(s: Site, x: tf.Tensor, axis: number, along: Axis): tf.Tensor {
  const { inputs, outputs } = along;
  const matrix = interpolationMatrix(s, along);
  const sources = Array.from({ length: outputs }, (_, o) =>
    matrix.subarray(o * inputs, (o + 1) * inputs).indexOf(1),
  );
  // Outside a cropped region there is no source.
  if (s.text('mode', 'nearest') === 'nearest' && !sources.includes(-1)) return pick(x, sources, axis);
  const last = x.rank - 1;
  const swap = x.shape.map((_, i) => (i === axis ? last : i === last ? axis : i));
  const moved = axis === last ? x : tf.transpose(x, swap);
  const product = matmul(moved, tf.transpose(tf.tensor2d(matrix, [outputs, inputs])));
  return axis === last ? product : tf.transpose(product, swap);
}

/** Resampling. */
export const resizing: readonly Row[] = [{ op: 'Resize', run: resize }];
