import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ascendingOrder } from '../../../src/metrics/ranking/ascending-order.js';

it('sorts as comparisons do, and keeps the order of equal values', () => {
  const value = fc.oneof(
    fc.double({ noNaN: true }),
    fc.integer({ min: -2, max: 2 }),
    fc.constantFrom(0, -0, Number.MIN_VALUE, -Number.MIN_VALUE, Infinity, -Infinity, 1 + 2 ** -52),
  );
  fc.assert(
    fc.property(fc.array(value, { maxLength: 60 }), (values) => {
      const expected = values
        .map((_, i) => i)
        .sort((i, j) => (values[i]! < values[j]! ? -1 : values[i]! > values[j]! ? 1 : i - j));
      expect([...ascendingOrder(Float64Array.from(values))]).toEqual(expected);
    }),
  );
});
