/** A power of two: to multiply is exact, and several times faster than to divide. */
const TWO_TO_MINUS_53 = 2 ** -53;

/** Two words as a number in [0, 1) of 53 bits. */
export const unit = (high: number, low: number): number =>
  ((high >>> 5) * 67_108_864 + (low >>> 6)) * TWO_TO_MINUS_53;
