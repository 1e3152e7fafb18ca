import * as tf from '@tensorflow/tfjs';
import { mapTuple } from '../../../map-tuple.js';
import { padPixels, toNchw, toNhwc } from '../layout.js';
import type { Row } from '../row.js';
import { type Site, still } from '../site.js';
import { type Window, windowOf } from '../window.js';
import { extremum } from './reductions.js';

type Pair = [number, number];

/** The node's window over (N, C, H, W) images; one spatial axis gets a second one of extent 1. */
function pool(s: Site, f: (x: tf.Tensor4D, window: Window) => tf.Tensor): tf.Tensor {
  const x = s.x();
  const kernel = s.ints('kernel_shape') ?? [];
  if (kernel.length > 2 || x.rank !== kernel.length + 2) throw s.unsupported(`${x.rank - 2} spatial axes`);
  if (kernel.length === 2) return toNchw(f(toNhwc(x), windowOf(s, kernel, x.shape.slice(2))));
  const line = windowOf(s, kernel, x.shape.slice(2));
  const plane: Window = {
    kernel: [...line.kernel, 1],
    strides: [...line.strides, 1],
    dilations: [...line.dilations, 1],
    before: [...line.before, 0],
    after: [...line.after, 0],
    declared: [...line.declared, 0],
    outputs: [...line.outputs, 1],
  };
  return tf.squeeze(toNchw(f(toNhwc(tf.expandDims(x, 3)), plane)), [3]);
}

/** Below every pixel: padding never is the maximum. */
const LOWEST = -3.4028234663852886e38;

function maxPool(s: Site): tf.Tensor | tf.Tensor[] {
  const maxima = pool(s, (x, window) => {
    const padded = padPixels(x, window.before, window.after, LOWEST);
    if (window.dilations.every((d) => d === 1))
      return tf.maxPool(padded, window.kernel as Pair, window.strides as Pair, 'valid');
    return tapsOf(padded, window).reduce((a, b) => tf.maximum(a, b));
  });
  if (!s.node.outputs[1]) return maxima;
  if (s.number('storage_order', 0)) throw s.unsupported('places are asked for column by column');
  return [maxima, still(pool(s, placesOf))];
}

/** Where the first maximum of each window is in the input, counted over (N, C, H, W). */
function placesOf(x: tf.Tensor4D, window: Window): tf.Tensor {
  const [n, height, width, channels] = x.shape;
  const { kernel, strides, dilations, before, after, outputs } = window;
  const tap = tf.argMax(tf.stack(tapsOf(padPixels(x, before, after, LOWEST), window)), 0);
  const tapRow = tf.floorDiv(tap, tf.scalar(kernel[1]!, 'int32'));
  const tapColumn = tf.sub(tap, tf.mul(tapRow, tf.scalar(kernel[1]!, 'int32')));
  const whole = (count: number, at: (i: number) => number, shape: number[]) =>
    tf.tensor(
      Int32Array.from({ length: count }, (_, i) => at(i)),
      shape,
      'int32',
    );
  const firsts = (axis: number) => {
    const along = axis === 0 ? [1, outputs[0]!, 1, 1] : [1, 1, outputs[1]!, 1];
    return whole(outputs[axis]!, (o) => o * strides[axis]! - before[axis]!, along);
  };
  const inPixels = (taps: tf.Tensor, axis: number) =>
    tf.add(tf.mul(taps, tf.scalar(dilations[axis]!, 'int32')), firsts(axis));
  const pixel = tf.add(tf.mul(inPixels(tapRow, 0), tf.scalar(width, 'int32')), inPixels(tapColumn, 1));
  const planes = whole(n * channels, (plane) => plane * height * width, [n, 1, 1, channels]);
  return tf.add(pixel, planes);
}

/** The input as each tap of the window sees it, in the shape of the output. */
function tapsOf(x: tf.Tensor4D, { kernel, strides, dilations, outputs }: Window): tf.Tensor[] {
  const rows = (axis: number, tap: number) =>
    Array.from({ length: outputs[axis]! }, (_, o) => o * strides[axis]! + tap * dilations[axis]!);
  const seen = (from: tf.Tensor, axis: number, tap: number) =>
    tf.gather(from, tf.tensor1d(rows(axis, tap), 'int32'), axis + 1);
  return Array.from({ length: kernel[0]! }, (_, i) => seen(x, 0, i)).flatMap((row) =>
    Array.from({ length: kernel[1]! }, (_, j) => seen(row, 1, j)),
  );
}

/** The mean over what counts: padding only when `count_include_pad` says so, what `ceil_mode` adds never. */
function averagePool(s: Site): tf.Tensor {
  return pool(s, (x, window) => {
    const padded = padPixels(x, window.before, window.after);
    const size = window.kernel[0]! * window.kernel[1]!;
    const dense = window.dilations.every((d) => d === 1);
    const mean = dense
      ? tf.avgPool(padded, window.kernel as Pair, window.strides as Pair, 'valid')
      : tf.div(tf.addN(tapsOf(padded, window)), size);
    const counts = countsOf(window, x.shape.slice(1, 3), s.flag('count_include_pad'));
    if (counts.every((count) => count === size)) return mean;
    const factors = tf.tensor(
      counts.map((count) => size / count),
      [1, ...window.outputs, 1],
      'float32',
    );
    return tf.mul(mean, factors);
  });
}

/** How many inputs each window counts, row by row. */
function countsOf(window: Window, inputs: readonly number[], includePad: boolean): number[] {
  const [rows, columns] = mapTuple(window.outputs as Pair, (outputs, axis) => {
    const end = inputs[axis]! + window.declared[axis]!;
    return Array.from({ length: outputs }, (_, o) => {
      const start = o * window.strides[axis]! - window.before[axis]!;
      const taps = Array.from(
        { length: window.kernel[axis]! },
        (_, t) => start + t * window.dilations[axis]!,
      );
      return taps.filter((at) => (includePad ? at < end : at >= 0 && at < inputs[axis]!)).length;
    });
  });
  return rows.flatMap((row) => columns.map((column) => row * column));
}

const pixelAxes = (x: tf.Tensor) => x.shape.map((_, i) => i).slice(2);

/** A sum over neighbouring channels (ONNX operator LRN). */
function localResponse(s: Site): tf.Tensor {
  const x = s.x();
  const size = s.number('size', 1);
  const before = Math.floor((size - 1) / 2);
  const pads = x.shape.map((_, i) => (i === 1 ? [before, size - 1 - before] : [0, 0]) as Pair);
  const squares = tf.pad(tf.square(x), pads);
  const near = Array.from({ length: size }, (_, k) =>
    tf.slice(
      squares,
      x.shape.map((_, i) => (i === 1 ? k : 0)),
      x.shape,
    ),
  );
  const scale = tf.add(s.number('bias', 1), tf.mul(s.number('alpha', 1e-4) / size, tf.addN(near)));
  return tf.div(x, tf.pow(scale, s.number('beta', 0.75)));
}

/** Windows over pixels or channels. */
export const pooling: readonly Row[] = [
  { op: 'MaxPool', run: maxPool },
  { op: 'AveragePool', run: averagePool },
  { op: 'GlobalAveragePool', run: (s) => tf.mean(s.x(), pixelAxes(s.x()), true) },
  { op: 'GlobalMaxPool', run: (s) => extremum(tf.max)(s.x(), pixelAxes(s.x()), true) },
  { op: 'LRN', run: localResponse },
];
