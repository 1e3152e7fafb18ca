import * as tf from '@tensorflow/tfjs';
import { AssayError } from '../../errors.js';
import type { DataType, Tensor, TypedArray } from '../../graph/graph.js';
import { asFloat32 } from '../../graph/widen.js';
import type { Value } from '../engine.js';

const FLOATS: ReadonlySet<DataType> = new Set(['float32', 'float64', 'float16', 'bfloat16']);

/** The element type that holds an ONNX type: TensorFlow.js has float32, int32 and bool. */
export function dtypeOf(type: DataType): 'float32' | 'int32' | 'bool' {
  if (type === 'bool') return 'bool';
  return FLOATS.has(type) ? 'float32' : 'int32';
}

const INT32 = 2 ** 31;

/** Integers beyond 2^53 are never counted with; exporters write them for "to the end". */
const ENDLESS = 2 ** 53;

/** Errors: `op-unsupported` for integers that int32 does not hold. */
export function int32(value: number, where: string): number {
  if (value >= -INT32 && value < INT32) return value;
  if (value >= ENDLESS) return INT32 - 1;
  if (value <= -ENDLESS) return -INT32;
  throw new AssayError('op-unsupported', 'an integer does not fit in the 32 bits that TensorFlow.js has', {
    path: where,
    found: String(value),
    hint: 'use `--engine ort`',
  });
}

/** A constant or a fed value as a tensor. float64 and the half types become float32. */
export function upload({ type, dims, data }: Tensor | Value, name: string): tf.Tensor {
  const shape = [...dims];
  switch (dtypeOf(type)) {
    case 'bool':
      return tf.tensor(Uint8Array.from(data as Uint8Array, Number), shape, 'bool');
    case 'int32':
      return tf.tensor(integers(data, name), shape, 'int32');
    default:
      return tf.tensor(singles(type, data), shape, 'float32');
  }
}

function integers(data: TypedArray, name: string): Int32Array {
  return Int32Array.from(data as ArrayLike<number | bigint>, (v) => int32(Number(v), `value "${name}"`));
}

/** A copy: TensorFlow.js may keep the array it is given. */
const singles = (type: DataType, data: TypedArray): Float32Array =>
  Float32Array.from(asFloat32({ type, dims: [], data }) ?? (data as ArrayLike<number>));

const DOWNLOADS: Partial<Record<DataType, (data: ArrayLike<number>) => Value['data']>> = {
  float32: (data) => Float32Array.from(data),
  float64: (data) => Float64Array.from(data),
  int32: (data) => Int32Array.from(data),
  int64: (data) => BigInt64Array.from(data as number[], BigInt),
  uint8: (data) => Uint8Array.from(data),
  bool: (data) => Uint8Array.from(data),
};

/** Whether results of this type can be handed out. */
export const isDownloadable = (type: DataType): boolean => DOWNLOADS[type] !== undefined;

/** A tensor as a value of the type its graph declares. Errors: `model-invalid` when it holds another one. */
export function download(tensor: tf.Tensor, type: DataType, name: string): Value {
  const convert = DOWNLOADS[type];
  if (!convert || tensor.dtype !== dtypeOf(type))
    throw new AssayError('model-invalid', `output "${name}" cannot be given as ${type}`, {
      expected: convert ? type : Object.keys(DOWNLOADS).join(', '),
      found: tensor.dtype,
    });
  return { type, dims: [...tensor.shape], data: convert(tensor.dataSync()) };
}
