import * as tf from '@tensorflow/tfjs';
import { fromStart } from '../../../graph/node-reader.js';
import type { Row } from '../row.js';
import type { Site } from '../site.js';
import { pick } from './picking.js';

function reshape(s: Site): tf.Tensor {
  const x = s.x();
  const copies = !s.flag('allowzero');
  return tf.reshape(
    x,
    s.numbers(1).map((d, i) => (d === 0 && copies ? x.shape[i]! : d)),
  );
}

function flatten(s: Site): tf.Tensor {
  const { shape, rank, size } = s.x();
  const rows = shape.slice(0, fromStart(s.number('axis', 1), rank)).reduce((p, d) => p * d, 1);
  return tf.reshape(s.x(), [rows, size / rows]);
}

function squeeze(s: Site): tf.Tensor {
  const { shape, rank } = s.x();
  const axes = s.optionalNumbers(1)?.map((a) => fromStart(a, rank));
  const kept = shape.filter((d, i) => (axes ? !axes.includes(i) : d !== 1));
  return tf.reshape(s.x(), kept);
}

function unsqueeze(s: Site): tf.Tensor {
  const { shape, rank } = s.x();
  const given = s.numbers(1);
  const axes = new Set(given.map((a) => fromStart(a, rank + given.length)));
  const rest = [...shape];
  const dims = Array.from({ length: rank + given.length }, (_, i) => (axes.has(i) ? 1 : (rest.shift() ?? 1)));
  return tf.reshape(s.x(), dims);
}

function transpose(s: Site): tf.Tensor {
  const x = s.x();
  return tf.transpose(x, s.ints('perm') ?? x.shape.map((_, i) => x.rank - 1 - i));
}

/** Floats are multiplied by ones: TensorFlow.js differentiates its own broadcast up to four axes only. */
function expand(s: Site): tf.Tensor {
  const x = s.x();
  const dims = tf.broadcast_util.assertAndGetBroadcastShape(x.shape, s.numbers(1));
  if (x.dtype === 'float32') return tf.mul(x, tf.ones(dims));
  return tf.cast(tf.mul(tf.cast(x, 'int32'), tf.ones(dims, 'int32')), x.dtype);
}

function split(s: Site): tf.Tensor[] {
  const x = s.x();
  const axis = s.axis(0);
  const count = s.number('num_outputs', s.node.outputs.length);
  const each = Math.ceil(x.shape[axis]! / count);
  const even = Array.from({ length: count }, (_, i) => Math.min(each, x.shape[axis]! - i * each));
  return tf.split(x, s.optionalNumbers(1) ?? even, axis);
}

function slice(s: Site): tf.Tensor {
  const x = s.x();
  const [starts, ends] = [s.numbers(1), s.numbers(2)];
  const axes = s.optionalNumbers(3)?.map((a) => fromStart(a, x.rank)) ?? starts.map((_, i) => i);
  const steps = s.optionalNumbers(4) ?? starts.map(() => 1);
  const begin = x.shape.map(() => 0);
  const size = [...x.shape];
  const picked: [axis: number, rows: number[]][] = [];
  axes.forEach((axis, i) => {
    const extent = x.shape[axis]!;
    const step = steps[i]!;
    const clamp = (v: number, low: number, high: number) => Math.min(Math.max(v, low), high);
    const from = clamp(fromStart(starts[i]!, extent), 0, step > 0 ? extent : extent - 1);
    const to = clamp(fromStart(ends[i]!, extent), step > 0 ? 0 : -1, extent);
    const count = Math.max(0, Math.ceil((to - from) / step));
    if (step === 1) [begin[axis], size[axis]] = [from, count];
    else picked.push([axis, Array.from({ length: count }, (_, k) => from + k * step)]);
  });
  return picked.reduce((y, [axis, rows]) => pick(y, rows, axis), tf.slice(x, begin, size));
}

function tile(s: Site): tf.Tensor {
  const repeats = s.numbers(1);
  const x = s.x();
  // TensorFlow.js differentiates its own tile up to four axes only.
  if (x.rank <= 4) return tf.tile(x, repeats);
  return repeats.reduce((y, n, axis) => (n === 1 ? y : tf.concat(Array<tf.Tensor>(n).fill(y), axis)), x);
}

/** Blocks of channels become blocks of pixels. */
function depthToSpace(s: Site): tf.Tensor {
  const [n, channels, height, width] = s.x().shape as [number, number, number, number];
  const block = s.number('blocksize', 1);
  const kept = channels / block ** 2;
  const depthFirst = s.text('mode', 'DCR') === 'DCR';
  const dims = depthFirst ? [n, block, block, kept, height, width] : [n, kept, block, block, height, width];
  const perm = depthFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3];
  return tf.reshape(tf.transpose(tf.reshape(s.x(), dims), perm), [n, kept, height * block, width * block]);
}

function spaceToDepth(s: Site): tf.Tensor {
  const [n, channels, height, width] = s.x().shape as [number, number, number, number];
  const block = s.number('blocksize', 1);
  const dims = [n, channels, height / block, block, width / block, block];
  const moved = tf.transpose(tf.reshape(s.x(), dims), [0, 3, 5, 1, 2, 4]);
  return tf.reshape(moved, [n, channels * block ** 2, height / block, width / block]);
}

function trilu(s: Site): tf.Tensor {
  const x = s.x();
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const k = s.optionalNumbers(1)?.[0] ?? 0;
  const upper = s.flag('upper', true);
  const mask = Array.from({ length: rows * columns }, (_, at) => {
    const diagonal = (at % columns) - Math.floor(at / columns);
    return (upper ? diagonal >= k : diagonal <= k) ? 1 : 0;
  });
  return tf.mul(x, tf.tensor(mask, [rows, columns], x.dtype === 'float32' ? 'float32' : 'int32'));
}

/** Operators that move values about. */
export const shaping: readonly Row[] = [
  { op: 'Reshape', run: reshape },
  { op: 'Flatten', run: flatten },
  { op: 'Squeeze', run: squeeze },
  { op: 'Unsqueeze', run: unsqueeze },
  { op: 'Transpose', run: transpose },
  { op: 'Expand', run: expand },
  { op: 'Concat', run: (s) => tf.concat(s.all(), s.axis(0)) },
  { op: 'Split', run: split },
  { op: 'Slice', run: slice },
  { op: 'Tile', run: tile },
  { op: 'DepthToSpace', run: depthToSpace },
  { op: 'SpaceToDepth', run: spaceToDepth },
  { op: 'Trilu', run: trilu },
];
