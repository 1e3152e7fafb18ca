import type { Tensor } from './graph.js';

function float16(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 0x1f, bits & 0x3ff];
  const size =
    exponent === 0
      ? fraction * 2 ** -24
      : exponent < 31
        ? (1 + fraction / 1024) * 2 ** (exponent - 15)
        : fraction === 0
          ? Number.POSITIVE_INFINITY
          : Number.NaN;
  return bits & 0x8000 ? -size : size;
}

/** The bits of bfloat16 are the upper half of a float32's. */
function fromBfloat16(bits: Uint16Array): Float32Array {
  const words = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i] << 16;
  return new Float32Array(words.buffer);
}

/** A float tensor's numbers as float32; a view where they are that already; undefined for other types. */
export function asFloat32({ type, data }: Tensor): Float32Array | undefined {
  if (type === 'float32') return data as Float32Array;
  if (type === 'float64') return Float32Array.from(data as Float64Array);
  if (type === 'float16') return Float32Array.from(data as Uint16Array, float16);
  return type === 'bfloat16' ? fromBfloat16(data as Uint16Array) : undefined;
}
