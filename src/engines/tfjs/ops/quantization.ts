import * as tf from '@tensorflow/tfjs';
import type { DataType } from '../../../graph/graph.js';
import { typeOfCode } from '../../../graph/tensor.js';
import type { Row } from '../row.js';
import type { Site } from '../site.js';

/** The least and the largest number that a quantised value can be. */
const LIMITS: Partial<Record<DataType, readonly [number, number]>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
};

/** Scale or zero point in a shape that broadcasts with the value: one number, or one along `axis`. */
function alongAxis(s: Site, i: number): tf.Tensor {
  const parameter = tf.cast(s.x(i), 'float32');
  if (parameter.size === 1) return tf.reshape(parameter, []);
  if (parameter.rank > 1 || s.number('block_size', 0)) throw s.unsupported('it quantises in blocks');
  const along = s.x().shape.map(() => 1);
  along[s.axis(1)] = -1;
  return tf.reshape(parameter, along);
}

/** Rounds, to even at halves; straight through for gradients (Bengio, Leonard & Courville 2013). */
const roundThrough = tf.customGrad((x) => ({
  value: tf.round(x as tf.Tensor),
  gradFunc: (dy: tf.Tensor) => dy,
}));

/** saturate(round(x / scale) + zero); the gradient is as if nothing were rounded, and zero where it saturates. */
function quantise(s: Site): tf.Tensor {
  const type = s.constantType(2) ?? typeOfCode(s.number('output_dtype', 0)) ?? 'uint8';
  const limits = LIMITS[type];
  if (!limits) throw s.unsupported(`values of type ${type}`);
  const rounded = roundThrough(tf.div(s.x(), alongAxis(s, 1)));
  const level = s.has(2) ? tf.add(rounded, alongAxis(s, 2)) : rounded;
  return tf.cast(tf.clipByValue(level, ...limits), 'int32');
}

function dequantise(s: Site): tf.Tensor {
  const level = tf.cast(s.x(), 'float32');
  return tf.mul(s.has(2) ? tf.sub(level, alongAxis(s, 2)) : level, alongAxis(s, 1));
}

/** To a few levels and back. */
export const quantization: readonly Row[] = [
  { op: 'QuantizeLinear', run: quantise },
  { op: 'DequantizeLinear', run: dequantise },
];
