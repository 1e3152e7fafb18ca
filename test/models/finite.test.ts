import { describe, expect, it } from 'vitest';
import { firstNotFinite } from '../../src/models/finite.js';

describe('the first number that is not finite', () => {
  const extreme = [3.4e38, -3.4e38, 1e-45, -0, 0.5];

  it.each([0, 1, 3, 4, 5, 8, 11])('among %i numbers, wherever it is', (length) => {
    const numbers = Float32Array.from({ length }, (_, i) => extreme[i % extreme.length]!);
    expect(firstNotFinite(numbers)).toBe(-1);
    for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      for (let at = 0; at < length; at++) {
        const broken = numbers.slice();
        broken[at] = odd;
        expect(firstNotFinite(broken)).toBe(at);
        // What comes after it is not told, and does not make up for it.
        broken.fill(-odd, at + 1);
        expect(firstNotFinite(broken)).toBe(at);
      }
  });
});
