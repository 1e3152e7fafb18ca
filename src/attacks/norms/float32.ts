const bits = new Int32Array(1);
const single = new Float32Array(bits.buffer);

/** The next float32 below a positive or zero one; 0 stays. */
export function below(value: number): number {
  single[0] = value;
  if (single[0] > 0) bits[0]! -= 1;
  return single[0];
}

/** The next float32 above a positive or zero one. */
export function above(value: number): number {
  single[0] = Math.max(0, value);
  bits[0]! += 1;
  return single[0];
}
