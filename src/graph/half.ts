/** Decoding of 16-bit floats. Every float16 and every bfloat16 is a float32, so nothing is rounded. */

const scratch = new DataView(new ArrayBuffer(4));

/** One IEEE 754 binary16 by its bits. */
function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** A bfloat16 is the upper half of a float32. */
function fromBfloat16(bits: number): number {
  scratch.setUint32(0, bits << 16);
  return scratch.getFloat32(0);
}

/** 16-bit floats, given by their bits, as float32. */
export function widened(type: 'float16' | 'bfloat16', bits: Uint16Array): Float32Array {
  const decode = type === 'float16' ? fromFloat16 : fromBfloat16;
  return Float32Array.from(bits, decode);
}
