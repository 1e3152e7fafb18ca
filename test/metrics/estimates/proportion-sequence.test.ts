import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sideOfHalf } from '../../../src/metrics/estimates/majority-sequence.js';
import { proportionSequence } from '../../../src/metrics/estimates/proportion-sequence.js';
import { stream } from '../../../src/random/stream.js';

const draws = fc
  .integer({ min: 0, max: 400 })
  .chain((seen) => fc.integer({ min: 0, max: seen }).map((right) => ({ seen, right })));

/** (seen + 1) P(right of seen | p), term by term. */
function ratio(p: number, { seen, right }: { seen: number; right: number }): number {
  let product = seen + 1;
  for (let i = 0; i < right; i++) product *= ((seen - i) / (i + 1)) * p;
  for (let i = 0; i < seen - right; i++) product *= 1 - p;
  return product;
}

const REPEATS = 2000;
const LENGTH = 200;

const made = new Map<string, [number, number]>();

/** Whether p lies in the interval: each of the few that there can be of so many draws is made once. */
function holds(p: number, { seen, right }: { seen: number; right: number }, level: number): boolean {
  const key = `${seen} ${right} ${level}`;
  const [lo, hi] = made.get(key) ?? proportionSequence({ seen, right }, level);
  made.set(key, [lo, hi]);
  return lo <= p && p <= hi;
}

describe('a confidence sequence of a probability', () => {
  it('holds the numbers under which what was seen is likely enough, and ends where these end', () => {
    fc.assert(
      fc.property(draws, fc.double({ min: 0.5, max: 0.999, noNaN: true }), (seen, level) => {
        const [lo, hi] = proportionSequence(seen, level);
        const likeliest = seen.seen === 0 ? 0.5 : seen.right / seen.seen;
        expect(lo).toBeLessThanOrEqual(likeliest);
        expect(hi).toBeGreaterThanOrEqual(likeliest);
        if (lo > 0) expect(ratio(lo, seen)).toBeCloseTo(1 - level, 5);
        if (hi < 1) expect(ratio(hi, seen)).toBeCloseTo(1 - level, 5);
      }),
    );
  });

  it('is that of the other outcome, mirrored', () => {
    fc.assert(
      fc.property(draws, ({ seen, right }) => {
        const [lo, hi] = proportionSequence({ seen, right });
        const [below, above] = proportionSequence({ seen, right: seen - right });
        expect(lo).toBeCloseTo(1 - above, 12);
        expect(hi).toBeCloseTo(1 - below, 12);
      }),
    );
  });

  it('leaves 1/2 out where the side of 1/2 is known', () => {
    fc.assert(
      fc.property(draws, (seen) => {
        const [lo, hi] = proportionSequence(seen);
        expect(lo > 0.5 ? 'above' : hi < 0.5 ? 'below' : undefined).toBe(sideOfHalf(seen));
      }),
    );
  });

  it('is everything before anything is seen, and says much after many', () => {
    expect(proportionSequence({ seen: 0, right: 0 })).toEqual([0, 1]);
    const [lo, hi] = proportionSequence({ seen: 100_000, right: 99_000 }, 0.999);
    expect(lo).toBeGreaterThan(0.9881);
    expect(hi).toBeLessThan(0.9917);
  });

  it.each([
    [0.05, 0.95],
    [0.5, 0.95],
    [0.5, 0.9],
    [0.93, 0.95],
    [0.999, 0.999],
  ])('ever leaves out p = %d, at the level %d, no oftener than it may in 2,000 repeats', (p, level) => {
    let wrong = 0;
    for (let example = 0; example < REPEATS; example++) {
      const source = stream({ seed: 5, purpose: `test/sequence-${p}`, example });
      let right = 0;
      for (let seen = 1; seen <= LENGTH; seen++) {
        if (source.uniform() < p) right++;
        // Looking after every draw is the worst that one can do.
        if (holds(p, { seen, right }, level)) continue;
        wrong++;
        break;
      }
    }
    expect(wrong / REPEATS).toBeLessThanOrEqual(1 - level);
  });
});
