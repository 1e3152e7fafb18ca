import { int, string } from '../../graph/build.js';
import { floats } from '../../graph/tensor.js';
import type { GradientRow } from '../row.js';
import type { Site } from '../site.js';
import { windowOf } from '../window.js';
import { transposeAttributes } from './convolution.js';

/** The forward node is made to return the indices of its maxima; the gradient is added at those places. */
function maxPool(s: Site): string[] {
  const indices = s.node.outputs[1] || s.b.fresh('indices');
  s.node.outputs = [s.y, indices];
  const flat = (value: string) => s.reshape(value, [-1]);
  const zeros = s.b.op('ConstantOfShape', [flat(s.b.op('Size', [s.x[0]!]))]);
  const scattered = s.b.op('ScatterElements', [zeros, flat(indices), flat(s.g)], {
    axis: int(0),
    reduction: string('add'),
  });
  return [s.reshapeLike(scattered, s.x[0]!)];
}

/** Every input of a window gets an equal share: a transposed convolution with ones, channel by channel. */
function averagePool(s: Site): string[] {
  const kernel = s.ints('kernel_shape') ?? [];
  const window = windowOf(s, kernel, s.x[0]!, s.y);
  const dims = s.shape(s.y).slice(2);
  const share = floats([1, 1, ...dims], sharePerWindow(s, window, dims));
  const shared = s.mul(s.g, s.b.constant(share, 'share'));
  // Channels become examples, so one kernel with a single channel serves them all.
  const planes = s.reshape(shared, [-1, 1, ...dims]);
  const ones = floats([1, 1, ...kernel], new Float32Array(kernel.reduce((a, b) => a * b, 1)).fill(1));
  const spread = s.b.op(
    'ConvTranspose',
    [planes, s.b.constant(ones, 'ones')],
    transposeAttributes(window, 1),
  );
  return [s.reshapeLike(spread, s.x[0]!)];
}

/** 1 / (inputs counted) per output position: padding counts only when `count_include_pad` says so. */
function sharePerWindow(s: Site, window: ReturnType<typeof windowOf>, dims: readonly number[]): Float32Array {
  const inputs = s.shape(s.x[0]!).slice(2);
  const includePad = s.number('count_include_pad', 0) === 1;
  const declared = s.ints('pads');
  // With ceil_mode a window may reach beyond the declared padding; what lies there never counts.
  const counts = dims.map((outputs, axis) => {
    const end = inputs[axis]! + (declared?.[dims.length + axis] ?? Math.max(0, window.after[axis]!));
    return Array.from({ length: outputs }, (_, o) => {
      const start = o * window.strides[axis]! - window.before[axis]!;
      let count = 0;
      for (let t = 0; t < window.kernel[axis]!; t++) {
        const at = start + t * window.dilations[axis]!;
        if (includePad ? at < end : at >= 0 && at < inputs[axis]!) count++;
      }
      return count;
    });
  });
  let shares = [1];
  for (const axis of counts) shares = shares.flatMap((share) => axis.map((count) => share / count));
  return Float32Array.from(shares);
}

function globalAveragePool(s: Site): string[] {
  const count = s
    .shape(s.x[0]!)
    .slice(2)
    .reduce((product, d) => product * d, 1);
  return [s.expandLike(s.div(s.g, count), s.x[0]!)];
}

/** Gradients of pooling. */
export const pooling: readonly GradientRow[] = [
  { op: 'MaxPool', gradient: maxPool },
  { op: 'AveragePool', gradient: averagePool },
  { op: 'GlobalAveragePool', gradient: globalAveragePool },
];
