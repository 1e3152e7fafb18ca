import { endianness } from 'node:os';
import { fromFloat16 } from '../../graph/half.js';

/** Numbers as files hold them. float16 is widened to Float32Array, bool is 0 and 1 in a Uint8Array. */
export type NumberArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

/** An array in row-major (C) order. */
export interface NdArray {
  shape: readonly number[];
  data: NumberArray;
}

export interface DtypeRow {
  /** Bytes per element. */
  bytes: number;
  /** The elements of a buffer in the byte order of this machine. */
  decode(buffer: ArrayBufferLike): NumberArray;
}

/** Element types by NumPy's code, without the byte order. */
export const dtypes = {
  b1: { bytes: 1, decode: (buffer) => new Uint8Array(buffer) },
  u1: { bytes: 1, decode: (buffer) => new Uint8Array(buffer) },
  i1: { bytes: 1, decode: (buffer) => new Int8Array(buffer) },
  u2: { bytes: 2, decode: (buffer) => new Uint16Array(buffer) },
  i2: { bytes: 2, decode: (buffer) => new Int16Array(buffer) },
  u4: { bytes: 4, decode: (buffer) => new Uint32Array(buffer) },
  i4: { bytes: 4, decode: (buffer) => new Int32Array(buffer) },
  u8: { bytes: 8, decode: (buffer) => new BigUint64Array(buffer) },
  i8: { bytes: 8, decode: (buffer) => new BigInt64Array(buffer) },
  f2: { bytes: 2, decode: (buffer) => Float32Array.from(new Uint16Array(buffer), fromFloat16) },
  f4: { bytes: 4, decode: (buffer) => new Float32Array(buffer) },
  f8: { bytes: 8, decode: (buffer) => new Float64Array(buffer) },
} satisfies Record<string, DtypeRow>;

export type Dtype = keyof typeof dtypes;

/** The code under which an array is written. */
export function dtypeOf(data: NumberArray): Dtype {
  if (data instanceof Uint8Array) return 'u1';
  if (data instanceof Int8Array) return 'i1';
  if (data instanceof Uint16Array) return 'u2';
  if (data instanceof Int16Array) return 'i2';
  if (data instanceof Uint32Array) return 'u4';
  if (data instanceof Int32Array) return 'i4';
  if (data instanceof BigUint64Array) return 'u8';
  if (data instanceof BigInt64Array) return 'i8';
  return data instanceof Float32Array ? 'f4' : 'f8';
}

export const hostIsLittleEndian = endianness() === 'LE';

/** Reverses the bytes of every element, in place. */
export function swapBytes(bytes: Uint8Array, elementBytes: number): void {
  for (let at = 0; at + elementBytes <= bytes.length; at += elementBytes)
    bytes.subarray(at, at + elementBytes).reverse();
}

/** Elements in an array of this shape; more than 2^53 gives an inexact number, which no file can match. */
export function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** The numbers of all parts, one after the other. */
export function concatenated(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** `(10000, 28, 28)` */
export function shapeText(shape: readonly number[]): string {
  return `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
}
