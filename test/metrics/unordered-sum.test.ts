import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unorderedSum } from '../../src/metrics/unordered-sum.js';

const sum = (...terms: number[]) => unorderedSum(Float64Array.from(terms));

describe('the sum of numbers in any order', () => {
  it.each([
    { terms: [], expected: 0 },
    { terms: [0, 0], expected: 0 },
    { terms: [0.1, 0.2, 0.3], expected: 0.6 },
    { terms: [1, 1e-17, -1], expected: 1e-17 },
    { terms: [1e300, -1e300, 1e283], expected: 1e283 },
    { terms: [-1e-20, -3e-30], expected: -1.0000000003e-20 },
  ])('of $terms is $expected', ({ terms, expected }) => {
    // What is dropped is relative to the largest term.
    const size = Math.max(0, ...terms.map(Math.abs));
    expect(Math.abs(sum(...terms) - expected)).toBeLessThanOrEqual(
      2 ** -60 * size + 1e-15 * Math.abs(expected),
    );
  });
  it('is the same to the last bit, and as exact as a sum of integers', () => {
    const term = fc.tuple(fc.maxSafeInteger(), fc.integer({ min: -60, max: 0 }), fc.nat());
    fc.assert(
      fc.property(fc.array(term, { minLength: 1, maxLength: 300 }), (drawn) => {
        const value = ([digits, exponent]: (typeof drawn)[number]) => digits * 2 ** exponent;
        const moved = [...drawn].sort((a, b) => a[2] - b[2]);
        const plain = sum(...drawn.map(value));
        expect(sum(...moved.map(value))).toBe(plain);
        const exact = drawn.reduce(
          (total, [digits, exponent]) => total + (BigInt(digits) << BigInt(60 + exponent)),
          0n,
        );
        const largest = Math.max(...drawn.map((one) => Math.abs(value(one))));
        expect(Math.abs(plain - Number(exact) / 2 ** 60)).toBeLessThanOrEqual(
          2 ** -52 * Math.abs(plain) + drawn.length * 2 ** -64 * largest,
        );
      }),
    );
  });
});
