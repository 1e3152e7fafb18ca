import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { confidenceSequence } from '../../../src/metrics/estimates/confidence-sequence.js';
import { stream } from '../../../src/random/stream.js';

const REPEATS = 2000;

/** `size` examples, so many of them successes, in a random order. */
function shuffled(size: number, successes: number, seed: number): Uint8Array {
  const outcomes = Uint8Array.from({ length: size }, (_, i) => Number(i < successes));
  const draws = stream({ seed, purpose: 'shuffle', example: 0 });
  for (let i = size - 1; i > 0; i--) {
    const j = Math.floor(draws.uniform() * (i + 1));
    [outcomes[i], outcomes[j]] = [outcomes[j]!, outcomes[i]!];
  }
  return outcomes;
}

describe('a confidence sequence', () => {
  // By hand: with uniform prior, k stays while (t + 1) C(k, s) C(n - k, t - s) / C(n, t) > 0.05.
  it.each([
    // Nothing seen: everything is possible.
    [{ size: 10, seen: 0, successes: 0 }, [0, 10]],
    [{ size: 10, seen: 10, successes: 7 }, [7, 7]],
    // 6 C(k, 5) / C(10, 5) > 0.05: C(k, 5) > 2.1, which 6 is the first to meet.
    [{ size: 10, seen: 5, successes: 5 }, [6, 10]],
    [{ size: 10, seen: 5, successes: 0 }, [0, 4]],
    // 2 k / 4 > 0.05.
    [{ size: 4, seen: 1, successes: 1 }, [1, 4]],
  ] as const)('of %j is %j', (seen, ends) => {
    expect(confidenceSequence(seen)).toEqual(ends);
  });

  it('is what its definition says, number by number', () => {
    const choose = (n: number, k: number): number => {
      if (k < 0 || k > n) return 0;
      let product = 1;
      for (let i = 0; i < k; i++) product = (product * (n - i)) / (i + 1);
      return product;
    };
    fc.assert(
      fc.property(fc.nat(40), fc.nat(40), fc.nat(40), (a, b, c) => {
        const [successes, seen, size] = [a, b, c].sort((x, y) => x - y) as [number, number, number];
        const stays = Array.from({ length: size + 1 }, (_, k) => k).filter(
          (k) =>
            ((seen + 1) * choose(k, successes) * choose(size - k, seen - successes)) / choose(size, seen) >
            0.05 - 1e-10,
        );
        expect(confidenceSequence({ size, seen, successes })).toEqual([stays[0], stays.at(-1)]);
        expect(stays).toHaveLength(stays[stays.length - 1]! - stays[0]! + 1);
      }),
    );
  });

  it.each([
    [200, 100],
    [200, 190],
    [400, 390],
    [400, 3],
  ])('of %i examples with %i successes leaves them out in at most 100 of 2,000 repeats', (size, right) => {
    let missed = 0;
    for (let r = 0; r < REPEATS; r++) {
      const outcomes = shuffled(size, right, r);
      let successes = 0;
      for (let seen = 1; seen <= size; seen++) {
        successes += outcomes[seen - 1]!;
        // Looking after every example is the worst that one can do.
        const [least, most] = confidenceSequence({ size, seen, successes });
        if (least <= right && right <= most) continue;
        missed++;
        break;
      }
    }
    expect(missed / REPEATS).toBeLessThanOrEqual(0.05);
  });
});
