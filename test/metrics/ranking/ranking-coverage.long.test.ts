// @module-tag long
import { expect, it } from 'vitest';
import { normalCdf } from '../../../src/metrics/distributions/distributions.js';
import { rankScores } from '../../../src/metrics/ranking/ranking.js';
import {
  bootstrapRankings,
  type RankingMetric,
  rankingEstimate,
} from '../../../src/metrics/ranking/ranking-bootstrap.js';
import { stream } from '../../../src/random/stream.js';

/** ID scores are normal about this, OOD scores about 0, both with standard deviation 1. */
const SHIFT = 1.5;
/** 95 % of a normal lie below it. */
const Z95 = 1.6448536269514722;
const REPEATS = 2000;

const density = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** What infinitely many examples would give, with so many OOD for one ID example. */
function truth(ratio: number): Partial<Record<RankingMetric, number>> {
  const steps = 20_000;
  let [auprIn, auprOut] = [0, 0];
  for (let i = 0; i < steps; i++) {
    // From where both kinds have something below to where both have something above, as far as a double tells.
    const width = (SHIFT + 10) / steps;
    const t = -5 + width * (i + 0.5);
    const [aboveId, aboveOod] = [1 - normalCdf(t - SHIFT), 1 - normalCdf(t)];
    const [belowId, belowOod] = [1 - aboveId, 1 - aboveOod];
    auprIn += (density(t - SHIFT) * width * aboveId) / (aboveId + ratio * aboveOod);
    auprOut += (density(t) * width * ratio * belowOod) / (ratio * belowOod + belowId);
  }
  return {
    auroc: normalCdf(SHIFT / Math.SQRT2),
    auprIn,
    auprOut,
    fpr95IdPositive: 1 - normalCdf(SHIFT - Z95),
    fpr95OodPositive: normalCdf(Z95 - SHIFT),
  };
}

/** Shares of 2,000 repeats are off by 0.5 % to 0.7 %. docs/coverage.md has more, by fewer resamples. */
it.each<[number, number, Partial<Record<RankingMetric, number>>]>([
  [50, 50, {}],
  [100, 100, {}],
  [500, 500, {}],
  [1000, 100, { fpr95OodPositive: 0.87 }],
])(
  '%i ID and %i OOD examples: intervals hold the truth about as often as they say',
  { timeout: 3_600_000 },
  (n, m, lower) => {
    const expected = Object.entries(truth(m / n)) as [RankingMetric, number][];
    const held = new Map<RankingMetric, number>();
    for (let seed = 0; seed < REPEATS; seed++) {
      const draws = stream({ seed, purpose: 'test/coverage', example: n });
      const id = Float64Array.from({ length: n }, () => SHIFT + draws.normal());
      const ood = Float64Array.from({ length: m }, () => draws.normal());
      const ranked = bootstrapRankings([rankScores(id, ood)], { seed, id: 'id', ood: 'ood', resamples: 500 });
      for (const [metric, value] of expected) {
        const { interval } = rankingEstimate(ranked, metric);
        const inside = interval !== null && interval[0] <= value && value <= interval[1];
        held.set(metric, (held.get(metric) ?? 0) + (inside ? 1 : 0));
      }
    }
    for (const [metric] of expected) {
      const share = (held.get(metric) ?? 0) / REPEATS;
      expect(share, metric).toBeGreaterThan(lower[metric] ?? 0.915);
      expect(share, metric).toBeLessThan(0.995);
    }
  },
);
