/** A number as it is written, and nothing of it lost: digits * 10^exponent. */
export interface Decimal {
  digits: bigint;
  exponent: number;
}

/** Of more decimal places nothing is read: all numbers of float64 have fewer. */
export const PLACES = 1100;

export const ZERO: Decimal = { digits: 0n, exponent: 0 };
export const ONE: Decimal = { digits: 1n, exponent: 0 };

const ZERO_CODE = 48;

/**
 * The number that a word writes, such as -12.50e-3.
 * @param word of digits with or without a sign, a point and an exponent, below 1.8e308 in magnitude
 * @returns undefined where it has more than `PLACES` decimal places
 */
export function decimalOf(word: string): Decimal | undefined {
  const [mantissa = '', power = '0'] = word.split(/[eE]/);
  const point = mantissa.indexOf('.');
  const places = point < 0 ? 0 : mantissa.length - point - 1;
  const written = mantissa.replace(/[-+.]/g, '');
  let [start, end] = [0, written.length];
  while (start < end && written.charCodeAt(start) === ZERO_CODE) start++;
  while (end > start && written.charCodeAt(end - 1) === ZERO_CODE) end--;
  if (start === end) return ZERO;
  const exponent = Number(power) - places + (written.length - end);
  if (exponent < -PLACES) return undefined;
  const digits = BigInt(written.slice(start, end));
  return { digits: word.startsWith('-') ? -digits : digits, exponent };
}

/** A float32: a multiple of 2^-149, and 2^-149 = 5^149 / 10^149. */
export const decimalOfFloat32 = (x: number): Decimal =>
  x === 0 ? ZERO : { digits: BigInt(x * 2 ** 149) * FIVES, exponent: -149 };
const FIVES = 5n ** 149n;

/** a + b */
export function plus(a: Decimal, b: Decimal): Decimal {
  if (a.digits === 0n) return b;
  if (b.digits === 0n) return a;
  const exponent = Math.min(a.exponent, b.exponent);
  const inUnits = (of: Decimal) => of.digits * 10n ** BigInt(of.exponent - exponent);
  return { digits: inUnits(a) + inUnits(b), exponent };
}

/** a b */
export const times = (a: Decimal, b: Decimal): Decimal =>
  a.digits === 0n || b.digits === 0n
    ? ZERO
    : { digits: a.digits * b.digits, exponent: a.exponent + b.exponent };

export const negated = ({ digits, exponent }: Decimal): Decimal => ({ digits: -digits, exponent });

/** -1, 0 or 1. */
export const signOf = ({ digits }: Decimal): -1 | 0 | 1 => (digits > 0n ? 1 : digits < 0n ? -1 : 0);

/** The nearest float64; infinite beyond these. */
export const nearest = ({ digits, exponent }: Decimal): number =>
  exponent === 0 ? Number(digits) : Number(`${digits}e${exponent}`);

/** Decimal digits of a hexadecimal one: log10(16), and a little more. */
const OF_HEXADECIMAL = 1.2042;

/** Whether the nearest float64 is finite. Hexadecimal digits are counted first: decimal ones of a long number take longer. */
export function isWithinFloat64(of: Decimal): boolean {
  const most = of.digits.toString(16).length * OF_HEXADECIMAL + of.exponent;
  return most < 308 || Number.isFinite(nearest(of));
}

/** Whether it is that number of float32. */
export const isFloat32 = (of: Decimal, x: number): boolean => signOf(minusFloat32(of, x)) === 0;

const minusFloat32 = (of: Decimal, x: number) => plus(of, negated(decimalOfFloat32(x)));

/**
 * A float64 that every float32 is to as it is to the number: below, above or equal. It is the nearest, but where that is a float32 and the
 * number is not.
 */
export function amongFloat32(of: Decimal): number {
  const near = nearest(of);
  if (Math.fround(near) !== near) return near;
  const sign = signOf(minusFloat32(of, near));
  return sign === 0 ? near : next(near, sign);
}

/** The float64 after another one. */
export function next(x: number, direction: 1 | -1): number {
  if (x === 0) return direction * Number.MIN_VALUE;
  const cell = new DataView(new ArrayBuffer(8));
  cell.setFloat64(0, x);
  cell.setBigInt64(0, cell.getBigInt64(0) + (x > 0 === direction > 0 ? 1n : -1n));
  return cell.getFloat64(0);
}
