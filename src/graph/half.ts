/** Decoding of 16-bit floats. Every float16 and every bfloat16 is a float32, so nothing is rounded. */

/** The value of an IEEE 754 binary16 by its bits. */
export function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The bits of bfloat16 are the upper half of a float32's. */
function fromBfloat16(bits: Uint16Array): Float32Array {
  const words = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i]! << 16;
  return new Float32Array(words.buffer);
}

/** 16-bit floats, given by their bits, as float32. */
export function widened(type: 'float16' | 'bfloat16', bits: Uint16Array): Float32Array {
  return type === 'float16' ? Float32Array.from(bits, fromFloat16) : fromBfloat16(bits);
}
