import * as tf from '@tensorflow/tfjs';
import { fromStart } from '../../../graph/node-reader.js';
import { typeOfCode } from '../../../graph/tensor.js';
import { mapTuple } from '../../../map-tuple.js';
import type { Row } from '../row.js';
import { type Site, still } from '../site.js';
import { dtypeOf, upload } from '../transfer.js';

function constantOfShape(s: Site): tf.Tensor {
  const { value } = s.node.attributes;
  const fill = value?.kind === 'tensor' ? upload(value.value, s.node.name) : tf.zeros([1]);
  const dims = s.numbers(0);
  const x = fill.dtype === 'float32' ? fill : tf.cast(fill, 'int32');
  return tf.cast(tf.fill(dims, x.dataSync()[0]!, x.dtype as 'float32' | 'int32'), fill.dtype);
}

/** Integers narrower than int32 wrap, as their arrays do. */
const NARROW = { int8: Int8Array, uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array } as const;

/** Between floats the gradient passes; into anything else it stops. */
function cast(s: Site): tf.Tensor {
  const type = typeOfCode(s.number('to', 0));
  if (!type) throw s.unsupported(`to the type with code ${s.number('to', 0)}`);
  const x = s.x();
  const dtype = dtypeOf(type);
  if (dtype === x.dtype && dtype !== 'int32') return x;
  if (dtype === 'float32') return tf.cast(still(x), dtype);
  // Not a cast: the WASM backend's own cuts fractions off first.
  if (dtype === 'bool') return tf.notEqual(still(x), 0);
  const converted = tf.cast(still(x), dtype);
  if (!(type in NARROW)) return converted;
  const narrow = NARROW[type as keyof typeof NARROW];
  return tf.tensor(Int32Array.from(narrow.from(converted.dataSync())), x.shape, 'int32');
}

/** Indices out of range, negative ones wrapped, give a row of `off`. */
function oneHot(s: Site): tf.Tensor {
  const depth = s.numbers(1)[0]!;
  const values = s.x(2);
  const [off, on] = Array.from(values.dataSync());
  const places = Array.from(s.x().dataSync(), (v) => fromStart(v, depth));
  const flat = tf.oneHot(tf.tensor1d(places, 'int32'), depth, on, off, values.dtype as 'float32' | 'int32');
  const rank = s.x().rank;
  const rows = tf.reshape(flat, [...s.x().shape, depth]);
  const axis = s.axis(-1, rank + 1);
  const order = Array.from({ length: rank }, (_, i) => i);
  return tf.transpose(rows, [...order.slice(0, axis), rank, ...order.slice(axis)]);
}

function rangeOf(s: Site): tf.Tensor {
  const [start, limit, delta] = mapTuple([0, 1, 2], (i) => s.numbers(i)[0]!);
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  const data = Array.from({ length: count }, (_, i) => start + i * delta);
  return tf.tensor1d(data, s.x().dtype as 'float32' | 'int32');
}

function eyeLike(s: Site): tf.Tensor {
  const [rows, columns] = s.x().shape as [number, number];
  const k = s.number('k', 0);
  const type = typeOfCode(s.number('dtype', 0));
  const data = Array.from({ length: rows * columns }, (_, at) =>
    (at % columns) - Math.floor(at / columns) === k ? 1 : 0,
  );
  return tf.tensor2d(data, [rows, columns], type ? dtypeOf(type) : (s.x().dtype as 'float32'));
}

/** The places of what is not zero: one row per axis. */
function nonZero(s: Site): tf.Tensor {
  const x = s.x();
  const strides = x.shape.map((_, i) => x.shape.slice(i + 1).reduce((p, d) => p * d, 1));
  const places = [...x.dataSync().entries()].filter(([, v]) => v !== 0).map(([at]) => at);
  const rows = strides.flatMap((stride, d) => places.map((at) => Math.floor(at / stride) % x.shape[d]!));
  return tf.tensor2d(rows, [x.rank, places.length], 'int32');
}

function shapeOf(s: Site): tf.Tensor {
  const { shape, rank } = s.x();
  const at = (name: string, fallback: number) => fromStart(s.number(name, fallback), rank);
  return tf.tensor1d(shape.slice(at('start', 0), at('end', rank)), 'int32');
}

/** Operators that make tensors from shapes, types and numbers. No gradient passes, but through Cast. */
export const making: readonly Row[] = [
  { op: 'Shape', flat: true, run: shapeOf },
  { op: 'Size', flat: true, run: (s) => tf.scalar(s.x().size, 'int32') },
  { op: 'ConstantOfShape', flat: true, run: constantOfShape },
  { op: 'Range', flat: true, run: rangeOf },
  { op: 'EyeLike', flat: true, run: eyeLike },
  { op: 'OneHot', flat: true, run: oneHot },
  { op: 'NonZero', flat: true, run: nonZero },
  { op: 'Cast', run: cast },
];
