import * as tf from '@tensorflow/tfjs';

/** ONNX keeps channels before the pixels; TensorFlow.js's convolutions and pooling want them last. */
export const toNhwc = (x: tf.Tensor): tf.Tensor4D => tf.transpose(x, [0, 2, 3, 1]) as tf.Tensor4D;
export const toNchw = (x: tf.Tensor): tf.Tensor4D => tf.transpose(x, [0, 3, 1, 2]) as tf.Tensor4D;

/** Pads the two pixel axes of an NHWC tensor; negative padding crops. */
export function padPixels(
  x: tf.Tensor4D,
  before: readonly number[],
  after: readonly number[],
  fill = 0,
): tf.Tensor4D {
  const [, height, width, channels] = x.shape;
  const cropped = [...before, ...after].some((p) => p < 0);
  const top = before.map((p) => Math.max(0, -p));
  const kept = [height, width].map((d, i) => d - top[i]! - Math.max(0, -after[i]!));
  const inner = cropped ? tf.slice(x, [0, ...top, 0], [x.shape[0], ...kept, channels]) : x;
  const pads = before.map((p, i) => [Math.max(0, p), Math.max(0, after[i]!)] as [number, number]);
  if (pads.every(([b, a]) => b === 0 && a === 0)) return inner;
  return tf.pad(inner, [[0, 0], ...pads, [0, 0]], fill) as tf.Tensor4D;
}
