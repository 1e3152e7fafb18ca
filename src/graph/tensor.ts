import { AssayError } from '../errors.js';
import type { DataType, Tensor, TypedArray } from './graph.js';

interface TypeRow {
  type: DataType;
  /** TensorProto.DataType. */
  code: number;
  bytes: number;
  array: new (buffer: ArrayBufferLike, byteOffset: number, length: number) => TypedArray;
  allocate(length: number): TypedArray;
}

function row<T extends TypedArray>(
  type: DataType,
  code: number,
  array: {
    new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
    new (length: number): T;
    readonly BYTES_PER_ELEMENT: number;
  },
): TypeRow {
  return { type, code, bytes: array.BYTES_PER_ELEMENT, array, allocate: (length) => new array(length) };
}

const TYPES: readonly TypeRow[] = [
  row('float32', 1, Float32Array),
  row('uint8', 2, Uint8Array),
  row('int8', 3, Int8Array),
  row('uint16', 4, Uint16Array),
  row('int16', 5, Int16Array),
  row('int32', 6, Int32Array),
  row('int64', 7, BigInt64Array),
  row('bool', 9, Uint8Array),
  row('float16', 10, Uint16Array),
  row('float64', 11, Float64Array),
  row('uint32', 12, Uint32Array),
  row('uint64', 13, BigUint64Array),
  row('bfloat16', 16, Uint16Array),
];
const byName = new Map(TYPES.map((t) => [t.type, t]));
const byCode = new Map(TYPES.map((t) => [t.code, t]));

/** The TensorProto code of a type. */
export function typeCode(type: DataType): number {
  return byName.get(type)!.code;
}

/** The type of a TensorProto code; undefined for those we cannot hold (strings, complex, 4-bit). */
export function typeOfCode(code: number): DataType | undefined {
  return byCode.get(code)?.type;
}

/** Bytes of one element. */
export function bytesPerElement(type: DataType): number {
  return byName.get(type)!.bytes;
}

/** A tensor whose numbers are computed when they are first read: a graph may be written only to see that it can be. */
export function deferred(type: DataType, dims: number[], compute: () => TypedArray): Tensor {
  let data: TypedArray | undefined;
  return {
    type,
    dims,
    get data() {
      data ??= compute();
      return data;
    },
  };
}

export function allocate(type: DataType, length: number): TypedArray {
  return byName.get(type)!.allocate(length);
}

/** Number of elements of a shape. Errors: `model-invalid` when a dimension is negative or the product unsafe. */
export function elementCount(dims: readonly number[]): number {
  let count = 1;
  for (const d of dims) {
    count *= d;
    if (!Number.isSafeInteger(d) || d < 0 || !Number.isSafeInteger(count)) {
      throw new AssayError('model-invalid', `a tensor has the impossible shape [${dims.join(', ')}]`);
    }
  }
  return count;
}

/** Little-endian bytes as a typed array; a view where alignment allows, otherwise a copy. */
export function fromBytes(type: DataType, bytes: Uint8Array): TypedArray {
  const { array, bytes: size } = byName.get(type)!;
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  return new array(aligned.buffer, aligned.byteOffset, aligned.byteLength / size);
}

/** The bytes of a tensor's data, little-endian, without a copy. */
export function toBytes(data: TypedArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

export function floats(dims: number[], data: ArrayLike<number>): Tensor {
  return { type: 'float32', dims, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}

export function int64s(values: readonly number[], dims: number[] = [values.length]): Tensor {
  return { type: 'int64', dims, data: BigInt64Array.from(values, (v) => BigInt(v)) };
}

/** Elements of an integer or float tensor as numbers. */
export function toNumbers(tensor: Tensor): number[] {
  return Array.from(tensor.data as ArrayLike<number | bigint>, Number);
}
