import { describe, expect, it } from 'vitest';
import { rankScores } from '../../../src/metrics/ranking/ranking.js';
import {
  bootstrapRankings,
  type RankingMetric,
  rankingEstimate,
} from '../../../src/metrics/ranking/ranking-bootstrap.js';
import { rankingDifference } from '../../../src/metrics/ranking/ranking-difference.js';
import { stream } from '../../../src/random/stream.js';

const METRICS: readonly RankingMetric[] = [
  'auprIn',
  'auprOut',
  'fpr95IdPositive',
  'fpr95OodPositive',
  'detectionError',
];

/** Two systems on the same images, whose ID scores lie so far above the OOD scores. */
function systems(seed: number, [n, m]: readonly [number, number], [a, b]: readonly [number, number]) {
  const draws = stream({ seed, purpose: 'test/ranking-difference', example: 0 });
  const scores = (count: number, up: number) => {
    const shared = Float64Array.from({ length: count }, () => draws.normal());
    return shared.map((value) => value + draws.normal() + up);
  };
  const rankings = [a, b].map((up) => rankScores(scores(n, up), scores(m, 0)));
  return bootstrapRankings(rankings, { seed, id: 'id', ood: 'ood', resamples: 100 });
}

describe('the difference of two rankings', () => {
  it.each([0.9, 0.95])('leaves 0 out at %d where its p says so, and only there', (level) => {
    const said = { yes: 0, no: 0 };
    for (let seed = 0; seed < 2; seed++)
      for (const sizes of [
        [20, 80],
        [80, 70],
      ] as const)
        for (const up of [
          [2, 2],
          [2, 0.5],
          [20, 1],
          [20, 20],
          [6, 4],
        ] as const) {
          const [a, b] = systems(seed, sizes, up);
          for (const metric of METRICS) {
            const { value, interval, p } = rankingDifference([a!], [b!], metric, level);
            const [lo, hi] = interval!;
            expect(lo <= value && value <= hi && lo >= -1 && hi <= 1, metric).toBe(true);
            expect(p! < 1 - level, `${metric}, ${up}, ${seed}`).toBe(lo > 0 || hi < 0);
            said[p! < 1 - level ? 'yes' : 'no']++;
            const other = rankingDifference([b!], [a!], metric, level);
            expect(other.p).toBeCloseTo(p!, 9);
            expect(other.interval).toEqual([expect.closeTo(-hi, 9), expect.closeTo(-lo, 9)]);
          }
        }
    expect(Math.min(said.yes, said.no)).toBeGreaterThan(10);
  });

  it('is not known better than its sides: scores that do not overlap may be as bad as their bound', () => {
    const [a, b] = systems(1, [100, 100], [20, 3]);
    for (const metric of METRICS) {
      const ofA = rankingEstimate([a!], metric);
      expect(ofA.method).toBe('clopper-pearson-one-sided');
      const { value, interval } = rankingDifference([a!], [b!], metric);
      const side = value > 0 ? 0 : 1;
      expect(Math.abs(interval![side] - value)).toBeGreaterThan(Math.abs(ofA.interval![side] - ofA.value));
    }
  });

  it('of too few positives to say where the threshold lies tells nothing of an FPR95 of 0', () => {
    const [a, b] = systems(3, [30, 60], [20, 0.3]);
    const { value, interval, p } = rankingDifference([a!], [b!], 'fpr95IdPositive');
    expect(value).toBeLessThan(-0.3);
    expect(interval![1]).toBeGreaterThan(0);
    expect(p).toBeGreaterThan(0.05);
  });

  it('of means over OOD sets is that of the means, and without any difference has no interval', () => {
    const [a, b] = systems(4, [60, 60], [1.5, 1]);
    const [c, d] = systems(5, [60, 60], [1.5, 1]);
    const { value, interval } = rankingDifference([a!, c!], [b!, d!], 'auprIn');
    const mean = ([x, y]: readonly [typeof a, typeof a]) => (x!.values.auprIn + y!.values.auprIn) / 2;
    expect(value).toBeCloseTo(mean([a, c]) - mean([b, d]), 12);
    const one = rankingDifference([a!], [b!], 'auprIn').interval!;
    expect(interval![1] - interval![0]).toBeLessThan(one[1] - one[0]);
    expect(rankingDifference([a!], [a!], 'auprIn')).toEqual({ value: 0, interval: null, p: 1 });
  });

  it('has no interval where neither side varies, and no bound says how far it could', () => {
    // Every OOD example ties with the lowest ID examples: an FPR95 of 1 in all resamples.
    const tied = [0, 1].map((k) =>
      rankScores(
        Array.from({ length: 40 }, (_, i) => (i % 2 === k ? 1 : 0)),
        new Float64Array(30),
      ),
    );
    const [a, b] = bootstrapRankings(tied, { seed: 1, id: 'id', ood: 'ood', resamples: 100 });
    expect(a!.values.fpr95IdPositive).toBe(1);
    expect(rankingDifference([a!], [b!], 'fpr95IdPositive')).toEqual({ value: 0, interval: null, p: 1 });
  });

  it('of one example of a kind has neither interval nor p', () => {
    const [a, b] = systems(6, [1, 40], [1, 0]);
    expect(rankingDifference([a!], [b!], 'auprOut')).toMatchObject({ interval: null, p: null });
  });
});
