import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareScores, type RankingMetrics } from '../../../src/metrics/ranking/ranking.js';
import { rankingRange } from '../../../src/metrics/ranking/ranking-range.js';

const floats = (values: readonly number[]) => Float64Array.from(values);

describe('what a ranking could be with other rounding', () => {
  it('counts the pairs of either side that are closer than both roundings together', () => {
    const range = rankingRange(
      floats([1, 2, 3]),
      floats([1.15, 2.5]),
      floats([0.1, 0.1, 0.1]),
      floats([0.1, 0.1]),
    );
    expect(range.pairs).toBe(1);
    expect(range.worst.auroc).toBeCloseTo(3 / 6, 14);
    expect(range.best.auroc).toBeCloseTo(4 / 6, 14);
  });
  it('is nothing where scores are exact or far apart, and where a set is empty', () => {
    const zero = floats([0, 0]);
    const { pairs, worst, best } = rankingRange(floats([1, 2]), floats([1, 3]), zero, zero);
    expect([pairs, worst]).toEqual([0, best]);
    expect(rankingRange(floats([]), floats([1, 3]), floats([]), zero).pairs).toBe(0);
  });
  // Scores on a grid of 1 and moved by less than 0.9: some pairs change places, and ties split.
  const score = fc.tuple(fc.integer({ min: 0, max: 8 }), fc.double({ min: -1, max: 1, noNaN: true }));
  const set = fc.array(score, { minLength: 1, maxLength: 25 });
  it('holds every metric of every set of scores within the rounding', () => {
    fc.assert(
      fc.property(set, set, (id, ood) => {
        const plain = (scores: typeof id) => floats(scores.map(([value]) => value));
        const moved = (scores: typeof id) => floats(scores.map(([value, by]) => value + 0.9 * by));
        const rounding = (scores: typeof id) => floats(scores.map(() => 0.9));
        const { worst, best } = rankingRange(plain(id), plain(ood), rounding(id), rounding(ood));
        for (const metrics of [compareScores(moved(id), moved(ood)), compareScores(plain(id), plain(ood))])
          for (const name of Object.keys(metrics) as (keyof RankingMetrics)[]) {
            const [lo, hi] = [worst[name], best[name]].sort((a, b) => a - b) as [number, number];
            expect(metrics[name], name).toBeGreaterThanOrEqual(lo - 1e-12);
            expect(metrics[name], name).toBeLessThanOrEqual(hi + 1e-12);
          }
      }),
      { numRuns: 1000 },
    );
  });
});
