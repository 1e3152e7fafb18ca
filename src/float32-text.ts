const POWERS = Float64Array.from({ length: 13 }, (_, k) => 10 ** k);

/**
 * A float32 as a decimal number of nine digits, which name it exactly, without zeros at their end:
 * `String(Number(value.toPrecision(9)))`, several times as fast.
 */
export function float32Text(value: number): string {
  const size = Math.abs(value);
  if (!(size >= 1e-4 && size < 1e9)) return String(Number(value.toPrecision(9)));
  let places = 12;
  while (size * POWERS[places]! >= 1e9) places--;
  // 24 bits of a float32 times at most 28 of 5^12: the product is exact.
  const digits = Math.round(size * POWERS[places]!) / POWERS[places]!;
  return String(value < 0 ? -digits : digits);
}
