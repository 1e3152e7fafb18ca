import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { aurocEstimate } from '../../../src/metrics/ranking/auroc-estimate.js';
import { placements, placementsIn } from '../../../src/metrics/ranking/delong.js';
import { delongEstimate } from '../../../src/metrics/ranking/delong-estimate.js';
import { matchedAuroc } from '../../../src/metrics/ranking/matched-auroc.js';
import { openSetPlacements } from '../../../src/metrics/ranking/oscr.js';
import {
  compareScores,
  type RankingMetrics,
  rankingMetrics,
  rankScores,
} from '../../../src/metrics/ranking/ranking.js';
import {
  bootstrapClusters,
  bootstrapRankings,
  rankingEstimate,
} from '../../../src/metrics/ranking/ranking-bootstrap.js';
import { apartMetric, clusterSizes } from '../../../src/metrics/ranking/separation-bounds.js';
import { areasOf } from '../../../src/metrics/selective/selective-areas.js';
import { selectiveEstimates } from '../../../src/metrics/selective/selective-estimates.js';
import { clusteredPlacements, clustersOf } from '../../../src/metrics/tests/clusters.js';
import { stream } from '../../../src/random/stream.js';

const METRICS = [
  'auroc',
  'auprIn',
  'auprOut',
  'fpr95IdPositive',
  'fpr95OodPositive',
  'detectionError',
] as const satisfies (keyof RankingMetrics)[];

/** A population of scores: how often each occurs among ID and OOD examples, the highest first, of 4,000 each. */
interface Population {
  id: number[];
  ood: number[];
}
const OF = 4000;

/** P(every one of n ID examples scores higher than every one of m OOD examples), by where the lowest ID example lies. */
function chanceApart({ id, ood }: Population, n: number, m: number): number {
  let [sum, above, oodAbove] = [0, 0, 0];
  for (let g = 0; g < id.length; g++) {
    const before = above;
    above += id[g]! / OF;
    oodAbove += ood[g]! / OF;
    // All OOD examples strictly below the group of the lowest ID example.
    sum += (above ** n - before ** n) * (1 - oodAbove) ** m;
  }
  return sum;
}

/** What infinitely many examples give, with m OOD for n ID examples. */
function truth({ id, ood }: Population, n: number, m: number): RankingMetrics {
  const times = (counts: number[], by: number) => Int32Array.from(counts, (count) => count * by);
  return rankingMetrics(times(id, n), times(ood, m));
}

/** Mass within each half is spread over a few scores: mostly apart, so that perfect separation does occur. */
const populations = fc
  .record({
    // Of 4,000: ID examples that lie low, OOD examples that lie high.
    low: fc.integer({ min: 0, max: 300 }),
    high: fc.integer({ min: 0, max: 300 }),
    shape: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ low, high, shape }): Population => {
    const [top, mid] = [OF - low, OF - high];
    // Strays among their own kind's place, at its far end, or at its near end; or tied in the middle.
    const id = [
      [top, 0, 0, low],
      [0, top, 0, low],
      [top, 0, low, 0],
      [top, low, 0, 0],
    ][shape]!;
    const ood = [
      [high, 0, mid, 0],
      [high, 0, mid, 0],
      [0, high, mid, 0],
      [0, high, 0, mid],
    ][shape]!;
    return { id, ood };
  });

describe('scores that do not overlap', () => {
  it('a population outside of the bound leaves them apart with a probability of 5 % at most', () => {
    let outside = 0;
    let sharpest = 0;
    fc.assert(
      fc.property(
        populations,
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 200 }),
        (population, nId, nOod) => {
          const chance = chanceApart(population, nId, nOod);
          const right = truth(population, nId, nOod);
          for (const metric of METRICS) {
            const { interval } = apartMetric(metric, [{ auroc: 1, nId, nOod }], 0.95) ?? {};
            if (!interval || (interval[0] <= right[metric] && right[metric] <= interval[1])) continue;
            outside++;
            sharpest = Math.max(sharpest, chance);
            expect(chance, `${metric} ${right[metric]}`).toBeLessThanOrEqual(0.05 + 1e-9);
          }
        },
      ),
      { numRuns: 3000 },
    );
    // Bounds that are never wrong because they are far too wide would show here.
    expect(outside).toBeGreaterThan(500);
    expect(sharpest).toBeGreaterThan(0.03);
  });

  it.each([
    [20, 40],
    [100, 60],
    [70, 300],
  ])('simulated, %i ID and %i OOD examples: exactly where theory has the worst case', (n, m) => {
    // All ID examples score alike: apart with probability AUROC^m. The truth lies just outside of the bound, or just inside.
    const k = Math.min(n, m);
    const rates = [-0.003, 0.003].map((off) => {
      const area = 0.05 ** (1 / k) + off;
      let missed = 0;
      for (let seed = 0; seed < 2000; seed++) {
        const draws = stream({ seed, purpose: 'test/separation', example: n });
        // The smaller side strays, the other is a constant.
        const strays = (sign: number) =>
          Float64Array.from({ length: k }, () => (draws.uniform() < area ? -sign : sign));
        const constant = new Float64Array(Math.max(n, m));
        const [id, ood] = n <= m ? [strays(-1), constant] : [constant, strays(1)];
        const placed = placements(id, ood);
        // Intervals of scores that do overlap are DeLong's, and not held against anything here.
        if (placed.auroc < 1) continue;
        const { interval } = delongEstimate(placed.auroc, [placed]);
        if (area < interval![0]) missed++;
      }
      return missed / 2000;
    });
    expect(rates[0]).toBeGreaterThan(0.02);
    expect(rates[0]).toBeLessThan(0.065);
    expect(rates[1]).toBe(0);
  });

  const [id, ood] = [
    Float64Array.from({ length: 80 }, (_, i) => 2 + i),
    Float64Array.from({ length: 60 }, (_, i) => -i),
  ];
  it('every estimate of an area has it: of two sets, clusters, pairs, means and OSCR', () => {
    const to = (k: number) => [expect.closeTo(0.05 ** (1 / k), 12), 1];
    const placed = placements(id, ood);
    const few = placements(id, ood.subarray(0, 9));
    expect(delongEstimate(1, [placed]).interval).toEqual(to(60));
    expect(delongEstimate(1, [placed, few]).interval).toEqual(to(9));
    expect(aurocEstimate({ values: id }, { values: ood }).interval).toEqual(to(60));
    const of = (n: number) => Array.from({ length: n }, (_, i) => i);
    expect(aurocEstimate({ values: id, of: of(80) }, { values: ood, of: of(60) }).interval).toEqual(to(40));
    expect(matchedAuroc([{ id: id.subarray(0, 60), ood }]).interval).toEqual(to(30));
    const right = openSetPlacements(rankScores(id, ood), new Uint8Array(80).fill(1));
    expect(delongEstimate(right.auroc, [right]).interval).toEqual(to(60));
    const mixed = delongEstimate((1 + 0) / 2, [placed, placements(ood, id)]);
    expect(mixed).toMatchObject({ interval: null, why: expect.stringContaining('no interval') });
  });

  it('and of every metric of rankings, of which the mean over sets has the weakest', () => {
    const options = { seed: 0, id: 'id', ood: 'ood', resamples: 20 };
    const [all] = bootstrapRankings([rankScores(id, ood)], options);
    const [few] = bootstrapRankings([rankScores(id, ood.subarray(0, 9))], { ...options, ood: 'few' });
    for (const metric of METRICS) {
      const estimate = rankingEstimate([all!], metric);
      expect(estimate).toMatchObject({ method: 'clopper-pearson-one-sided', n: 140 });
      const [lo, hi] = estimate.interval!;
      expect(lo).toBeLessThanOrEqual(estimate.value);
      expect(hi).toBeGreaterThanOrEqual(estimate.value);
      expect(hi - lo).toBeGreaterThan(0.01);
      const both = rankingEstimate([all!, few!], metric).interval;
      if (metric === 'fpr95OodPositive') expect(both).toBeNull();
      else {
        const [fewLo, fewHi] = rankingEstimate([few!], metric).interval!;
        expect(both).toEqual([Math.min(lo, fewLo), Math.max(hi, fewHi)]);
      }
    }
    // 0.95^80 of the 5 % are spent on where the threshold lies.
    const [, most] = rankingEstimate([all!], 'fpr95IdPositive').interval!;
    expect(most).toBeCloseTo(1 - (0.05 - 0.95 ** 80) ** (1 / 60), 12);
  });
});

describe('selective classification without an error', () => {
  it.each([1, 5, 40, 1000])('%i examples: no ranking of errors that are as rare gives more', (n) => {
    const { aurc, augrc } = selectiveEstimates(
      Float64Array.from({ length: n }, (_, i) => i),
      new Uint8Array(n).fill(1),
    );
    expect(aurc).toMatchObject({ value: 0, n, method: 'clopper-pearson-one-sided' });
    const share = 1 - 0.05 ** (1 / n);
    // Of very many examples, this share of errors: all of them kept first, and kept at random.
    const many = 1_000_000;
    const errors = Math.round(share * many);
    const worst = areasOf({
      counts: Float64Array.of(errors, many - errors),
      losses: Float64Array.of(errors, 0),
    });
    const random = areasOf({ counts: Float64Array.of(many), losses: Float64Array.of(errors) });
    expect(aurc.interval?.[1]).toBeCloseTo(worst.aurc, 4);
    expect(augrc.interval?.[1]).toBeCloseTo(worst.augrc, 4);
    expect(aurc.interval?.[1]).toBeGreaterThan(random.aurc);
    // No error among n has this probability, at this share.
    expect((1 - share) ** n).toBeCloseTo(0.05, 12);
  });
});

test('resampled AUROCs next to 0 are as uncertain as those next to 1', () => {
  const id = Float64Array.from({ length: 40 }, (_, i) => (i === 0 ? -1 : i + 1));
  const ood = Float64Array.from({ length: 40 }, (_, i) => -i - 0.5);
  const interval = (a: Float64Array, b: Float64Array) => {
    const drawn = bootstrapRankings([rankScores(a, b)], { seed: 1, id: 'a', ood: 'b', resamples: 200 });
    return rankingEstimate(drawn, 'auroc').interval!;
  };
  const [lo, hi] = interval(id, ood);
  const mirrored = interval(
    id.map((value) => -value),
    ood.map((value) => -value),
  );
  expect(lo).toBeCloseTo(0.05 ** (1 / 40), 12);
  expect(mirrored).toEqual([expect.closeTo(1 - hi, 9), expect.closeTo(1 - lo, 9)]);
});

describe('clusters of ID examples whose scores do not overlap', () => {
  /** Clusters of these sizes, of which those drawn lie below all OOD examples and the others above; scores tie within a kind. */
  const draw = (sizes: readonly number[], share: number, m: number, seed: number) => {
    const draws = stream({ seed, purpose: 'test/clusters', example: m });
    const keys = sizes.flatMap((size, c) => new Array<number>(size).fill(c));
    const low = sizes.map(() => draws.uniform() < share);
    const ranking = rankScores(
      keys.map((c) => (low[c] ? -1 : 1)),
      new Float64Array(m),
    );
    return { ranking, clusters: clustersOf(keys) };
  };
  const of = (count: number, size: (c: number) => number) => Array.from({ length: count }, (_, c) => size(c));
  it.each([
    ['of five each', of(40, () => 5), 40],
    ['of five each, few OOD', of(40, () => 5), 10],
    ['of one to nine', of(40, (c) => 1 + (c % 9)), 40],
    ['alone', of(40, () => 1), 40],
  ])('%s: bounds of AUPR and AUROC miss no more than 5 %% of samples', (_, sizes, m) => {
    const n = sizes.reduce((sum, size) => sum + size, 0);
    const missed: Record<string, number> = { auroc: 0, auprIn: 0, auprOut: 0, fpr95OodPositive: 0 };
    // With this share, all 40 clusters lie above in a quarter of samples: nothing below is ever seen.
    const share = 1 - 0.25 ** (1 / 40);
    const counts = (low: number, high: number) => Int32Array.from([high, 0, low]);
    const right = rankingMetrics(
      counts(share * 1e6, (1 - share) * 1e6),
      Int32Array.from([0, (1e6 * m) / n, 0]),
    );
    let apart = 0;
    for (let seed = 0; seed < 400; seed++) {
      const { ranking, clusters } = draw(sizes, share, m, seed);
      const drawn = bootstrapClusters(ranking, clusters, { seed, id: 'id', ood: 'ood', resamples: 1 });
      if (drawn.values.auroc < 1) continue;
      apart++;
      for (const metric of Object.keys(missed) as (keyof RankingMetrics)[]) {
        const { interval } = rankingEstimate([drawn], metric);
        if (interval && !(interval[0] <= right[metric] && right[metric] <= interval[1])) missed[metric]!++;
      }
    }
    expect(apart / 400).toBeGreaterThan(0.18);
    for (const [metric, times] of Object.entries(missed)) expect(times / 400, metric).toBeLessThan(0.05);
  });
  it('are as many as there would be, were all as large as the largest', () => {
    const keys = (sizes: number[]) => clustersOf(sizes.flatMap((size, c) => new Array(size).fill(c)));
    expect(clusterSizes(keys([3, 3, 3, 3]), 6)).toEqual({ nId: 4, nOod: 6, idPerOod: 2, pairs: 4 });
    expect(clusterSizes(keys([4, 1, 1, 2]), 2)).toEqual({ nId: 2, nOod: 2, idPerOod: 4, pairs: 1 });
    const ranking = rankScores([5, 5, 5, 5, 5, 5, 5, 5], [1, 2]);
    expect(clusteredPlacements(placementsIn(ranking), keys([4, 1, 1, 2]))).toMatchObject({ pairs: 1 });
  });
});

const rising = (n: number) => Float64Array.from({ length: n }, (_, i) => i);

describe('scores that do not overlap the other way', () => {
  it.each([
    [70, 60],
    [20, 200],
    [300, 30],
  ])('%i ID and %i OOD examples: what AUPR can be, where the chance of a right pair is bounded', (n, m) => {
    const e = 1 - 0.05 ** (1 / Math.min(n, m));
    const [low, high] = [rising(n), rising(m).map((x) => x + n)];
    const [drawn] = bootstrapRankings([rankScores(low, high)], { seed: 1, id: 'a', ood: 'b', resamples: 20 });
    const many = 20_000;
    // Populations just inside: nearly a share e of the positives before all negatives, and the others behind them, tied.
    const top = Math.round(e * many * 0.99);
    const [others, negatives] = [many - top, { in: (many * m) / n, out: (many * n) / m }];
    const populations = {
      auprIn: rankingMetrics(Int32Array.of(top, 0, others), Int32Array.of(0, negatives.in, 0)),
      auprOut: rankingMetrics(Int32Array.of(0, negatives.out, 0), Int32Array.of(others, 0, top)),
    };
    for (const metric of ['auprIn', 'auprOut'] as const) {
      const { value, interval, method } = rankingEstimate([drawn!], metric);
      expect(method).toBe('clopper-pearson-one-sided');
      const [lo, hi] = interval!;
      expect(lo).toBeLessThan(value);
      expect(value).toBeLessThan(hi);
      expect(populations[metric][metric]).toBeLessThan(hi);
      expect(populations[metric][metric]).toBeGreaterThan(hi - 0.02);
    }
    const other = compareScores(
      rising(many),
      rising(Math.round((many * m) / n)).map((x) => x + many),
    );
    expect(other.auprIn).toBeGreaterThanOrEqual(rankingEstimate([drawn!], 'auprIn').interval![0] - 1e-3);
    expect(other.auprIn).toBeLessThan(rankingEstimate([drawn!], 'auprIn').interval![0] + 1e-3);
  });
});
