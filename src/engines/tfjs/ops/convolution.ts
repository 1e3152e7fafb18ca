import * as tf from '@tensorflow/tfjs';
import { padPixels, toNchw, toNhwc } from '../layout.js';
import type { Row } from '../row.js';
import type { Site } from '../site.js';
import { windowOf } from '../window.js';

type Pair = [number, number];

/** Images with one spatial axis get a second one of extent 1; others than two are refused. */
function asPlane(s: Site, x: tf.Tensor): tf.Tensor {
  if (x.rank === 4) return x;
  if (x.rank === 3) return tf.expandDims(x, 2);
  throw s.unsupported(`${x.rank - 2} spatial axes`);
}

/**
 * A kernel (A, B, ...) as (height, width, B, A), zeros between its taps where it is dilated: TensorFlow.js
 * differentiates only dense kernels.
 */
function kernelOf(s: Site, dilations: readonly number[]): tf.Tensor4D {
  return s.prepared(1, `kernel/${dilations.join('x')}`, (w) => {
    const kernel = tf.transpose(asPlane(s, w), [2, 3, 1, 0]);
    return spread(spread(kernel, 0, dilations[0]!), 1, dilations[1]!);
  }) as tf.Tensor4D;
}

function spread(w: tf.Tensor, axis: number, step: number): tf.Tensor {
  const extent = w.shape[axis]!;
  if (step === 1 || extent === 1) return w;
  const [lead, tail] = [w.shape.slice(0, axis), w.shape.slice(axis + 1)];
  const pads = [...w.shape.map(() => [0, 0] as Pair), [0, 0] as Pair];
  pads[axis + 1] = [0, step - 1];
  const stuffed = tf.reshape(tf.pad(tf.expandDims(w, axis + 1), pads), [...lead, extent * step, ...tail]);
  return tf.slice(
    stuffed,
    stuffed.shape.map(() => 0),
    [...lead, (extent - 1) * step + 1, ...tail],
  );
}

const part = <T extends tf.Tensor>(x: T, axis: number, i: number, n: number): T => {
  const size = x.shape.map((d, k) => (k === axis ? d / n : d));
  return tf.slice(
    x,
    size.map((d, k) => (k === axis ? i * d : 0)),
    size,
  );
};

/** Each group of channels by itself, side by side again. */
function perGroup(
  x: tf.Tensor4D,
  w: tf.Tensor4D,
  groups: number,
  f: (x: tf.Tensor4D, w: tf.Tensor4D) => tf.Tensor,
): tf.Tensor {
  if (groups === 1) return f(x, w);
  const parts = Array.from({ length: groups }, (_, g) => f(part(x, 3, g, groups), part(w, 3, g, groups)));
  return tf.concat(parts, 3);
}

function withBias(s: Site, y: tf.Tensor): tf.Tensor {
  return s.has(2) ? tf.add(y, s.x(2)) : y;
}

function finish(s: Site, y: tf.Tensor): tf.Tensor {
  const nchw = toNchw(y);
  return s.x().rank === 3 ? tf.squeeze(nchw, [2]) : nchw;
}

const onPlane = (values: readonly number[], fill: number): Pair =>
  values.length === 1 ? [fill, values[0]!] : [values[0]!, values[1]!];

function conv(s: Site): tf.Tensor {
  const groups = s.number('group', 1);
  const spatial = s.x(1).shape.slice(2);
  const window = windowOf(s, spatial, s.x().shape.slice(2));
  const strides = onPlane(window.strides, 1);
  const w = kernelOf(s, onPlane(window.dilations, 1));
  const image = toNhwc(asPlane(s, s.x()));
  const [before, after] = [onPlane(window.before, 0), onPlane(window.after, 0)];
  // What TensorFlow calls "same" needs no separate padding.
  const same =
    strides.every((d) => d === 1) &&
    [0, 1].every(
      (i) => w.shape[i]! % 2 === 1 && before[i] === after[i] && 2 * before[i]! === w.shape[i]! - 1,
    );
  const x = same ? image : padPixels(image, before, after);
  const pad = same ? 'same' : 'valid';
  const channels = x.shape[3];
  const depthwise = groups > 1 && groups === channels && w.shape[2] === 1;
  // Channel by channel needs square strides in some backends; others go group by group.
  if (depthwise && strides[0] === strides[1]) return finish(s, withBias(s, byChannel(x, w, strides, pad)));
  return finish(
    s,
    withBias(
      s,
      perGroup(x, w, groups, (xs, ws) => tf.conv2d(xs, ws, strides, pad)),
    ),
  );
}

/** Every input channel has kernels of its own. */
function byChannel(x: tf.Tensor4D, w: tf.Tensor4D, strides: Pair, pad: 'same' | 'valid'): tf.Tensor {
  const [height, width, , outputs] = w.shape;
  const dims: [number, number, number, number] = [height, width, x.shape[3], outputs / x.shape[3]];
  return tf.depthwiseConv2d(x, tf.reshape(w, dims), strides, pad);
}

/** The whole transposed convolution, of which padding crops the border and output padding adds to the end. */
function convTranspose(s: Site): tf.Tensor {
  const groups = s.number('group', 1);
  const spatial = s.x(1).shape.slice(2);
  const strides = onPlane(s.ints('strides') ?? spatial.map(() => 1), 1);
  const w = kernelOf(s, onPlane(s.ints('dilations') ?? spatial.map(() => 1), 1));
  const x = toNhwc(asPlane(s, s.x()));
  const full: Pair = [0, 1].map((i) => (x.shape[i + 1]! - 1) * strides[i]! + w.shape[i]!) as Pair;
  const [before, outputs] = place(s, full, strides, x.shape.slice(1, 3) as Pair, spatial.length);
  const y = perGroup(x, w, groups, (xs, ws) =>
    tf.conv2dTranspose(xs, ws, [xs.shape[0], ...full, ws.shape[2]], strides, 'valid'),
  ) as tf.Tensor4D;
  const after = outputs.map((n, i) => n + before[i]! - full[i]!);
  return finish(
    s,
    withBias(
      s,
      padPixels(
        y,
        before.map((b) => -b),
        after,
      ),
    ),
  );
}

/** How much is cropped before, and the extents of the output (ONNX operator ConvTranspose). */
function place(s: Site, full: Pair, strides: Pair, inputs: Pair, axes: number): [Pair, Pair] {
  const pads = s.ints('pads') ?? Array<number>(2 * axes).fill(0);
  const extra = onPlane(s.ints('output_padding') ?? Array<number>(axes).fill(0), 0);
  const auto = s.text('auto_pad', 'NOTSET');
  const shape = s.ints('output_shape')?.slice(-axes);
  const sized = shape ? onPlane(shape, 1) : inputs.map((n, i) => n * strides[i]!);
  if (!shape && !auto.startsWith('SAME')) {
    const [before, after] =
      auto === 'VALID'
        ? [
            [0, 0],
            [0, 0],
          ]
        : [onPlane(pads.slice(0, axes), 0), onPlane(pads.slice(axes), 0)];
    return [before as Pair, full.map((n, i) => n + extra[i]! - before[i]! - after[i]!) as Pair];
  }
  const before = full.map((n, i) => {
    const total = Math.max(0, n + extra[i]! - sized[i]!);
    return auto === 'SAME_UPPER' ? Math.floor(total / 2) : total - Math.floor(total / 2);
  });
  return [before as Pair, sized as Pair];
}

/**
 * Puts patches (batch, channels * taps, places) back where they were cut out, and adds where they overlap: every
 * tap's places are spread by the stride, and moved to where the tap is.
 */
function col2Im(s: Site): tf.Tensor {
  const [image, block] = [s.numbers(1), s.numbers(2)];
  if (block.length !== 2) throw s.unsupported(`${block.length} spatial axes`);
  const strides = s.ints('strides') ?? [1, 1];
  const dilations = s.ints('dilations') ?? [1, 1];
  const pads = s.ints('pads') ?? [0, 0, 0, 0];
  const padded = image.map((n, i) => n + pads[i]! + pads[2 + i]!);
  const places = padded.map(
    (n, i) => Math.floor((n - dilations[i]! * (block[i]! - 1) - 1) / strides[i]!) + 1,
  );
  const x = s.x();
  const taps = block[0]! * block[1]!;
  const channels = (x.shape[1] ?? 0) / taps;
  const patches = tf.reshape(x, [x.shape[0], channels, taps, ...places]);
  const laid = Array.from({ length: taps }, (_, t) => {
    const tap = tf.reshape(part(patches, 2, t, taps), [x.shape[0], channels, ...places]);
    const wide = spread(spread(tap, 2, strides[0]!), 3, strides[1]!);
    const before = [Math.floor(t / block[1]!) * dilations[0]!, (t % block[1]!) * dilations[1]!];
    const room = before.map((b, i) => [b, padded[i]! - b - wide.shape[i + 2]!] as Pair);
    return tf.pad(wide, [[0, 0], [0, 0], ...room]);
  });
  return tf.slice(tf.addN(laid), [0, 0, pads[0]!, pads[1]!], [x.shape[0], channels, ...image]);
}

/** Convolutions over one or two spatial axes. */
export const convolution: readonly Row[] = [
  { op: 'Conv', run: conv },
  { op: 'ConvTranspose', run: convTranspose },
  { op: 'Col2Im', run: col2Im },
];
