import { describe, expect, it } from 'vitest';
import { equalWidth } from '../../../src/metrics/calibration/binning.js';
import { classwiseEceStatistic, ece } from '../../../src/metrics/calibration/calibration.js';
import { drawnBinSums, drawnGaps } from '../../../src/metrics/calibration/drawn-bins.js';
import { resample } from '../../../src/metrics/estimates/intervals.js';
import { compareScores, rankingMetrics, rankScores } from '../../../src/metrics/ranking/ranking.js';
import {
  bootstrapRankings,
  type RankingMetric,
  rankingEstimate,
} from '../../../src/metrics/ranking/ranking-bootstrap.js';
import { countedResamples, meanOfDraws, resamplesOf } from '../../../src/metrics/resampling/draw-counts.js';
import { jointBootstrap } from '../../../src/metrics/resampling/joint-bootstrap.js';
import {
  GROUPS,
  ONE_BY_ONE,
  sizesOfUnits,
  unitsOf,
} from '../../../src/metrics/resampling/resampling-units.js';
import { stream } from '../../../src/random/stream.js';

const n = 70_000;
const noise = stream({ seed: 3, purpose: 'test/units', example: 0 });
const values = new Float64Array(n);
noise.normals(values);
const chances = values.map((value) => 1 / (1 + Math.exp(-value)));
const outcomes = Uint8Array.from(chances, (chance) => (noise.uniform() < chance ? 1 : 0));

describe('what is drawn', () => {
  it('is examples, up to a number', () => {
    expect(unitsOf(ONE_BY_ONE, 0)).toEqual({ count: ONE_BY_ONE });
  });
  it('is groups of as many examples each, of more', () => {
    const sizes = new Set(sizesOfUnits(unitsOf(n, 0)));
    expect([...sizes].sort()).toEqual([4, 5]);
    expect(unitsOf(n, 0)).toEqual(unitsOf(n, 0));
    expect(unitsOf(n, 1)).not.toEqual(unitsOf(n, 0));
  });
  it('the examples of a group are drawn together', () => {
    const times = countedResamples(n, { seed: 0 })(4);
    const { units, draw } = resamplesOf(n, { seed: 0 });
    const drawn = draw(4);
    expect(units.count).toBe(GROUPS);
    expect(times.every((count, i) => count === drawn[units.of?.[i] ?? -1])).toBe(true);
  });
});

describe('statistics of drawn groups', () => {
  const { units, draw, perExample } = resamplesOf(n, { seed: 7 });
  const width = equalWidth(chances, 15);
  const p = {
    n,
    classes: 2,
    data: Float64Array.from({ length: 2 * n }, (_, i) => (i % 2 ? chances[i >> 1]! : 1 - chances[i >> 1]!)),
  };
  it.each([
    ['mean', (of?: typeof units) => meanOfDraws(values, of)],
    ['gaps', (of?: typeof units) => drawnGaps(width, chances, outcomes, of)],
    ['classwise ECE', (of?: typeof units) => classwiseEceStatistic(p, outcomes, 15, of)],
    [
      'sums of bins',
      (of?: typeof units) => {
        const sums = drawnBinSums(width, chances, outcomes, of);
        return (times: Uint8Array) => {
          const { n: all, count, predicted, observed } = sums(times);
          return all + 3 * count[4]! + 5 * predicted[9]! + 7 * observed[12]!;
        };
      },
    ],
  ])('%s: as of the examples in them', (_, statistic) => {
    const [grouped, plain] = [statistic(units), statistic()];
    for (const b of [0, 1, 2]) {
      const found = grouped(draw(b));
      expect(found / plain(perExample())).toBeCloseTo(1, 11);
    }
  });
  it('a statistic that knows nothing of groups is given counts of examples', () => {
    const mean = meanOfDraws(values);
    const of = (times: Uint8Array) => ({ mean: mean(times) });
    const grouped = (ofUnits: typeof units) => {
      const quick = meanOfDraws(values, ofUnits);
      return (times: Uint8Array) => ({ mean: quick(times) });
    };
    const [plain, quick] = [[{ of }], [{ of, grouped }]].map(
      (statistics) => jointBootstrap(n, statistics, { seed: 7, resamples: 40 }).mean,
    );
    expect(quick!.value).toBeCloseTo(plain!.value, 14);
    expect(quick!.interval?.[0]).toBeCloseTo(plain!.interval?.[0] ?? Number.NaN, 12);
  });
});

describe('intervals of more examples', () => {
  it('of a mean are as wide as theory says, in whatever order the examples lie', () => {
    const sorted = values.slice().sort();
    const grouped = (units: ReturnType<typeof unitsOf>) => {
      const mean = meanOfDraws(sorted, units);
      return (times: Uint8Array) => ({ mean: mean(times) });
    };
    const mean = meanOfDraws(sorted);
    const estimate = jointBootstrap(n, [{ of: (t: Uint8Array) => ({ mean: mean(t) }), grouped }], {
      seed: 2,
    });
    const [lo, hi] = estimate.mean.interval ?? [0, 0];
    expect((hi - lo) / ((2 * 1.96) / Math.sqrt(n))).toBeCloseTo(1, 0.9);
  });
  /** Standard deviations from 300 resamples are off by 4 %, from 600 by 3 %. */
  const deviation = (replicates: ArrayLike<number>) => {
    const { length } = replicates;
    const mean = Array.from(replicates).reduce((sum, value) => sum + value, 0) / length;
    return Math.sqrt(Array.from(replicates).reduce((sum, value) => sum + (value - mean) ** 2, 0) / length);
  };
  const byExample = (of: number, purpose: string) => (b: number) => {
    const [indices, times] = [new Int32Array(of), new Uint8Array(of)];
    resample(indices, of, b, { seed: 9, purpose });
    for (const i of indices) times[i]!++;
    return times;
  };
  it('of ECE spread as those of resampled examples', () => {
    const sums = drawnBinSums(equalWidth(chances, 15), chances, outcomes);
    const spread = [byExample(n, 'plain'), countedResamples(n, { seed: 9 })].map((times) =>
      deviation(Array.from({ length: 600 }, (_, b) => ece(sums(times(b))))),
    );
    expect(Math.abs(spread[0]! / spread[1]! - 1)).toBeLessThan(0.1);
  });
  it('of ranking metrics, too', () => {
    const ood = values.slice(0, 9_000).map((value) => value / 2 - 1);
    const options = { seed: 1, id: 'test', ood: 'far', resamples: 300 };
    const ranking = rankScores(values, ood);
    const { replicates } = bootstrapRankings([ranking], options)[0]!;
    const [timesId, timesOod] = [byExample(n, 'id'), byExample(9_000, 'ood')];
    const plain = Array.from({ length: 300 }, (_, b) => {
      const counts = (group: Int32Array, times: Uint8Array) => {
        const drawn = new Int32Array(ranking.groups);
        for (let i = 0; i < group.length; i++) drawn[group[i]!]! += times[i]!;
        return drawn;
      };
      return rankingMetrics(counts(ranking.id, timesId(b)), counts(ranking.ood, timesOod(b)));
    });
    for (const metric of Object.keys(replicates) as RankingMetric[]) {
      const ratio = deviation(replicates[metric]) / deviation(plain.map((metrics) => metrics[metric]));
      expect(Math.abs(ratio - 1)).toBeLessThan(0.15);
    }
  });
});

describe('rankings of more examples', () => {
  const ood = values.slice(0, 9_000).map((value) => value / 2 - 1);
  const options = { seed: 1, id: 'test', ood: 'far', resamples: 12 };
  /** From a grid, so that there are ties, or not. */
  it.each([
    ['distinct scores', (value: number) => value],
    ['ties', (value: number) => Math.round(value * 20)],
    ['a score that is nearly constant', (value: number) => (value > 2 ? 1 : 0)],
  ])('%s: replicates are those of the drawn examples', (_, map) => {
    const [ofId, ofOod] = [values.map(map), ood.map(map)];
    const { replicates, values: exact } = bootstrapRankings([rankScores(ofId, ofOod)], options)[0]!;
    expect(exact).toEqual(compareScores(ofId, ofOod));
    const drawnId = countedResamples(ofId.length, { seed: 1, purpose: 'bootstrap/id/test' });
    const drawnOod = countedResamples(ofOod.length, { seed: 1, purpose: 'bootstrap/ood/far' });
    for (const b of [0, 5, 11]) {
      const take = (of: Float64Array, times: Uint8Array) =>
        Array.from(of).flatMap((value, i) => Array<number>(times[i]!).fill(value));
      const direct = compareScores(take(ofId, drawnId(b)), take(ofOod, drawnOod(b)));
      for (const metric of Object.keys(direct) as RankingMetric[])
        expect(Math.abs(replicates[metric][b]! - direct[metric])).toBeLessThan(5e-4);
      expect(Math.abs(replicates.auroc[b]! - direct.auroc)).toBeLessThan(1e-6);
    }
  });
  it('the number of resamples need not be a multiple of what is counted at once', () => {
    const few = bootstrapRankings([rankScores(values, ood)], { ...options, resamples: 6 })[0]!;
    const more = bootstrapRankings([rankScores(values, ood)], options)[0]!;
    expect(few.replicates.auroc).toEqual(more.replicates.auroc.slice(0, 6));
  });
  it('sets that do not overlap have an exact interval', () => {
    const far = ood.map((value) => value - 100);
    const least = 0.05 ** (1 / Math.min(values.length, ood.length));
    const apart = bootstrapRankings([rankScores(values, far)], options)[0]!;
    expect(rankingEstimate([apart], 'auroc')).toMatchObject({
      value: 1,
      interval: [expect.closeTo(least, 12), 1],
    });
    const reversed = bootstrapRankings([rankScores(far, values)], options)[0]!;
    expect(rankingEstimate([reversed], 'auroc')).toMatchObject({
      value: 0,
      interval: [0, expect.closeTo(1 - least, 12)],
    });
  });
});
