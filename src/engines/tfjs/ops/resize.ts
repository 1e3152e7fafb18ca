import * as tf from '@tensorflow/tfjs';
import { interpolationMatrix } from '../../../autodiff/interpolation.js';
import type { Row } from '../row.js';
import { fromStart, type Site } from '../site.js';
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
  return axes.reduce((y, axis, i) => {
    const from = x.shape[axis];
    const to = sizes ? sizes[i] : Math.floor(from * scales![i]);
    const scale = sizes ? to / from : scales![i];
    return from === to && scale === 1 ? y : resizeAxis(s, y, axis, to, scale);
  }, x);
}

function resizeAxis(s: Site, x: tf.Tensor, axis: number, to: number, scale: number): tf.Tensor {
  const from = x.shape[axis];
  const matrix = interpolationMatrix(s, from, to, scale);
  if (s.text('mode', 'nearest') === 'nearest')
    return pick(
      x,
      Array.from({ length: to }, (_, o) => matrix.subarray(o * from, (o + 1) * from).indexOf(1)),
      axis,
    );
  const last = x.rank - 1;
  const swap = x.shape.map((_, i) => (i === axis ? last : i === last ? axis : i));
  const moved = axis === last ? x : tf.transpose(x, swap);
  const product = matmul(moved, tf.transpose(tf.tensor2d(matrix, [to, from])));
  return axis === last ? product : tf.transpose(product, swap);
}

/** Resampling. */
export const resizing: readonly Row[] = [{ op: 'Resize', run: resize }];
