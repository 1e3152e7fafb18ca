import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  amongFloat32,
  type Decimal,
  decimalOf,
  decimalOfFloat32,
  isFloat32,
  isWithinFloat64,
  nearest,
  next,
  plus,
  signOf,
  times,
} from '../../src/verification/decimal.js';

/** numerator / 2^k 5^k, by another way: of float64, from its bits. */
interface Fraction {
  numerator: bigint;
  denominator: bigint;
}

function fractionOf(x: number): Fraction {
  const cell = new DataView(new ArrayBuffer(8));
  cell.setFloat64(0, x);
  const bits = cell.getBigUint64(0);
  const power = Number((bits >> 52n) & 0x7ffn);
  const part = bits & 0xfffffffffffffn;
  const significand = (power === 0 ? part : part | (1n << 52n)) * (x < 0 ? -1n : 1n);
  const shift = Math.max(1, power) - 1075;
  return shift < 0
    ? { numerator: significand, denominator: 1n << BigInt(-shift) }
    : { numerator: significand << BigInt(shift), denominator: 1n };
}

const fractionOfDecimal = ({ digits, exponent }: Decimal): Fraction =>
  exponent < 0
    ? { numerator: digits, denominator: 10n ** BigInt(-exponent) }
    : { numerator: digits * 10n ** BigInt(exponent), denominator: 1n };

const compared = (a: Fraction, b: Fraction) => {
  const difference = a.numerator * b.denominator - b.numerator * a.denominator;
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
};

const float32 = fc.float({ noNaN: true, noDefaultInfinity: true });
/** All digits of a number, and more. */
const near = fc
  .tuple(float32, fc.constantFrom('', '0', '1', '000001', '00000000000000000001'), fc.boolean())
  .map(([x, tail, below]) => {
    const { digits, exponent } = decimalOfFloat32(x);
    const moved =
      BigInt(`${digits < 0n ? -digits : digits}${tail}`) - (below && tail !== '' && x !== 0 ? 2n : 0n);
    return `${x < 0 ? '-' : ''}${moved}e${exponent - tail.length}`;
  });
const word = fc.oneof(
  near,
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  float32.map(String),
  fc
    .tuple(fc.bigInt(-(10n ** 20n), 10n ** 20n), fc.integer({ min: -60, max: 10 }))
    .map(([d, e]) => `${d}e${e}`),
);
const exact = (text: string) => decimalOf(text)!;

describe('numbers as they are written', () => {
  it.each([
    ['0', 0n, 0],
    ['-0.000', 0n, 0],
    ['12.50', 125n, -1],
    ['-.5', -5n, -1],
    ['+3.', 3n, 0],
    ['0012e3', 12n, 3],
    ['1200E-2', 12n, 0],
    ['1e-1100', 1n, -1100],
  ])('%s', (text, digits, exponent) => {
    expect(decimalOf(text)).toEqual({ digits, exponent });
  });

  it.each(['1e-1101', `0.${'0'.repeat(2000)}1`, '12e-99999999999999999999'])('are not read: %s', (text) => {
    expect(decimalOf(text)).toBeUndefined();
  });

  it('read as the float64 that the word names, and as float32 numbers are', () => {
    fc.assert(
      fc.property(word, float32, (text, x) => {
        expect(nearest(exact(text))).toBe(Number(text) + 0);
        expect(compared(fractionOfDecimal(decimalOfFloat32(x)), fractionOf(x))).toBe(0);
      }),
      { seed: 31, numRuns: 2000 },
    );
  });

  it('add up, multiply and compare as fractions do', () => {
    fc.assert(
      fc.property(word, word, float32, (a, b, x) => {
        const [p, q] = [fractionOfDecimal(exact(a)), fractionOfDecimal(exact(b))];
        const sum = fractionOfDecimal(plus(exact(a), exact(b)));
        const [top, bottom] = [
          p.numerator * q.denominator + q.numerator * p.denominator,
          p.denominator * q.denominator,
        ];
        expect(compared(sum, { numerator: top, denominator: bottom })).toBe(0);
        const product = fractionOfDecimal(times(exact(a), exact(b)));
        expect(compared(product, { numerator: p.numerator * q.numerator, denominator: bottom })).toBe(0);
        expect(isFloat32(exact(a), x)).toBe(compared(p, fractionOf(x)) === 0);
        expect(signOf(exact(a))).toBe(compared(p, fractionOf(0)));
      }),
      { seed: 32, numRuns: 2000 },
    );
  });

  it('are beyond float64 where the nearest is infinite', () => {
    const digits = fc.bigInt(-(10n ** 330n), 10n ** 330n);
    fc.assert(
      fc.property(digits, fc.integer({ min: -60, max: 320 }), fc.nat(1100), (all, exponent, cut) => {
        const of = { digits: all >> BigInt(cut), exponent };
        expect(isWithinFloat64(of)).toBe(Number.isFinite(nearest(of)));
      }),
      { seed: 34, numRuns: 5000 },
    );
    expect(isWithinFloat64({ digits: 17n, exponent: 307 })).toBe(true);
    expect(isWithinFloat64({ digits: -18n, exponent: 307 })).toBe(false);
  });

  it('lie among the numbers of float32 as what they are taken for', () => {
    fc.assert(
      fc.property(word, (text) => {
        const taken = amongFloat32(exact(text));
        const written = fractionOfDecimal(exact(text));
        const rounded = Math.fround(Number(text));
        const cell = new Int32Array(Float32Array.of(rounded).buffer);
        for (const step of [-1, 0, 1]) {
          const x = new Float32Array(Int32Array.of(cell[0]! + step).buffer)[0]!;
          if (!Number.isFinite(x)) continue;
          expect(Math.sign(taken - x) + 0).toBe(compared(written, fractionOf(x)));
        }
      }),
      { seed: 33, numRuns: 2000 },
    );
  });
});

it('the next number of float64', () => {
  expect([next(0, 1), next(0, -1), next(1, 1), next(-1, 1), next(1, -1)]).toEqual([
    Number.MIN_VALUE,
    -Number.MIN_VALUE,
    1 + Number.EPSILON,
    -1 + Number.EPSILON / 2,
    1 - Number.EPSILON / 2,
  ]);
});
