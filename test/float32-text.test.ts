import fc from 'fast-check';
import { expect, it } from 'vitest';
import { float32Text } from '../src/float32-text.js';

it('writes a float32 with nine digits', () => {
  const value = fc.oneof(
    fc.float(),
    fc.float({ min: -1000, max: 1000, noNaN: true }),
    // Near powers of ten, and halves of the last digit.
    fc
      .tuple(fc.integer({ min: -6, max: 10 }), fc.integer({ min: -3, max: 3 }))
      .map(([k, off]) => Math.fround(10 ** k * (1 + off * 2 ** -23))),
    fc.integer({ min: -(2 ** 24), max: 2 ** 24 }).map((m) => m / 2 ** 20),
  );
  fc.assert(
    fc.property(value, (x) => {
      expect(float32Text(x)).toBe(String(Number(x.toPrecision(9))));
    }),
    { numRuns: 5000 },
  );
});
