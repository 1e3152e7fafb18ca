import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bootstrap, meanStatistic, resample, type Step } from '../../../src/metrics/estimates/intervals.js';
import { compareScores, rankScores } from '../../../src/metrics/ranking/ranking.js';
import {
  bootstrapRankings,
  type RankingMetric,
  rankingEstimate,
} from '../../../src/metrics/ranking/ranking-bootstrap.js';
import { countedResamples, meanOfDraws } from '../../../src/metrics/resampling/draw-counts.js';
import { jointBootstrap } from '../../../src/metrics/resampling/joint-bootstrap.js';
import { stream } from '../../../src/random/stream.js';

const noise = stream({ seed: 5, purpose: 'test', example: 0 });
const values = Float64Array.from({ length: 60 }, () => noise.normal());

const meanOf = (numbers: Float64Array) => {
  const mean = meanOfDraws(numbers);
  return (times: Uint8Array) => ({ mean: mean(times) });
};

describe('countedResamples', () => {
  it.each([1, 7, 4096, 10_000])('counts what resample draws of %i examples', (n) => {
    const indices = new Int32Array(n);
    const resampled = countedResamples(n, { seed: 8, purpose: 'some' });
    for (let b = 0; b < 3; b++) {
      resample(indices, n, b, { seed: 8, purpose: 'some' });
      const counted = new Uint8Array(n);
      for (const i of indices) counted[i]!++;
      expect(resampled(b)).toEqual(counted);
    }
  });
});

describe('jointBootstrap', () => {
  it('gives each statistic what a bootstrap of its own gives', () => {
    // Multiples of 2^-20, whose sums are exact in any order.
    const exact = values.map((value) => Math.round(value * 2 ** 20) / 2 ** 20);
    const mean = meanOfDraws(exact);
    const joint = jointBootstrap(60, [{ of: (t) => ({ mean: mean(t), twice: 2 * mean(t) }) }], { seed: 3 });
    expect(joint.mean).toEqual(bootstrap(60, meanStatistic(exact), { seed: 3 }));
    expect(joint.twice.interval?.[0]).toBeCloseTo(2 * (joint.mean.interval?.[0] ?? Number.NaN), 12);
  });
  it('gives no interval of one example, whose resamples are all alike', () => {
    const one = jointBootstrap(1, [{ of: meanOf(Float64Array.of(0.4)), centred: ['mean'] }], { seed: 3 });
    expect(one.mean).toMatchObject({ value: 0.4, n: 1, interval: null, method: 'none' });
    expect(one.mean.why).toBe('no interval: one example');
  });
  it('gives costly statistics the first resamples, as with that many', () => {
    const mean = meanOfDraws(values);
    let calls = 0;
    const costly = (t: Uint8Array) => {
      calls++;
      return { costly: mean(t) };
    };
    const joint = jointBootstrap(60, [{ of: (t) => ({ mean: mean(t) }) }, { of: costly, resamples: 150 }], {
      seed: 3,
    });
    expect(calls).toBe(151);
    expect(joint.costly).toEqual(jointBootstrap(60, [{ of: costly }], { seed: 3, resamples: 150 }).costly);
    expect(joint.mean).toEqual(jointBootstrap(60, [{ of: (t) => ({ mean: mean(t) }) }], { seed: 3 }).mean);
  });
  it('centres biased statistics on the value and cuts to the range', () => {
    const mean = meanOfDraws(values);
    const absolute = (times: Uint8Array) => Math.abs(mean(times));
    const of = (times: Uint8Array) => ({ a: absolute(times), b: absolute(times) });
    const { a, b } = jointBootstrap(60, [{ of, centred: ['b'], within: [0, 1] }], { seed: 3 });
    expect(b.method).toBe('bootstrap-centred');
    expect(a.method).toBe('bootstrap');
    expect(b.interval?.[0]).toBeGreaterThanOrEqual(0);
    expect((b.interval?.[1] ?? 0) - (a.interval?.[1] ?? 0)).toBeLessThan(0);
  });
  it('has nothing to say about nothing', () => {
    const { x } = jointBootstrap(0, [{ of: () => ({ x: 4 }) }], { seed: 0 });
    expect(x).toEqual({ value: Number.NaN, n: 0, interval: null, level: 0.95, method: 'none' });
  });
});

const options = { seed: 1, id: 'test', ood: 'far', resamples: 400 };
const id = values.slice(0, 40).map((v) => v + 1);
const ood = values.slice(40);

describe('every bootstrap', () => {
  const resamples = 7;
  it.each([
    ['bootstrap', (step: Step) => bootstrap(60, meanStatistic(values), { seed: 3, resamples, step })],
    [
      'jointBootstrap',
      (step: Step) => jointBootstrap(60, [{ of: () => ({}) }], { seed: 3, resamples, step }),
    ],
    [
      'bootstrapRankings',
      (step: Step) => bootstrapRankings([rankScores(id, ood)], { ...options, resamples, step }),
    ],
  ])('%s tells how many resamples are done', (_, run) => {
    const told: number[][] = [];
    run((done, of) => told.push([done, of]));
    expect(told).toEqual([1, 2, 3, 4, 5, 6, 7].map((done) => [done, resamples]));
  });
});

describe('bootstrapRankings', () => {
  it('values are those of the ranking, intervals hold them', () => {
    const result = bootstrapRankings([rankScores(id, ood)], options)[0]!;
    for (const metric of ['auroc', 'auprIn', 'auprOut'] as const) {
      const { value, interval, n } = rankingEstimate([result], metric);
      expect(value).toBe(result.values[metric]);
      expect(n).toBe(60);
      expect(interval?.[0]).toBeLessThan(value);
      expect(interval?.[1]).toBeGreaterThan(value);
    }
  });
  it('a replicate is the metrics of the drawn scores, to the last bit', () => {
    // From a coarse grid, so that there are ties.
    const scores = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(scores, scores, fc.nat(), (ofId, ofOod, seed) => {
        const { replicates } = bootstrapRankings([rankScores(ofId, ofOod)], {
          ...options,
          seed,
          resamples: 5,
        })[0]!;
        for (let b = 0; b < 5; b++) {
          const drawn = (side: string, of: number[]) => {
            const indices = new Int32Array(of.length);
            resample(indices, of.length, b, { seed, purpose: `bootstrap/${side}` });
            return Array.from(indices, (i) => of[i]!);
          };
          const direct = compareScores(drawn('id/test', ofId), drawn('ood/far', ofOod));
          for (const [metric, value] of Object.entries(direct)) {
            expect(replicates[metric as RankingMetric][b]).toBe(value);
          }
        }
      }),
    );
  });
  it('does not depend on which rankings are bootstrapped together', () => {
    const ranking = rankScores(id, ood);
    const other = rankScores(id, ood.map(Math.abs));
    expect(bootstrapRankings([other, ranking], options)[1]).toEqual(bootstrapRankings([ranking], options)[0]);
  });
  it('rankings of fewer examples, as of a system that failed on some, are as they are alone', () => {
    const [all, fewer] = [rankScores(id, ood), rankScores(id.slice(3), ood.slice(1))];
    const [first, second, third] = bootstrapRankings(
      [all, fewer, rankScores(id, ood.map(Math.abs))],
      options,
    );
    expect(first).toEqual(bootstrapRankings([all], options)[0]);
    expect(second).toEqual(bootstrapRankings([fewer], options)[0]);
    expect([first, second, third].map((one) => [one?.nId, one?.nOod])).toEqual([
      [40, 20],
      [37, 19],
      [40, 20],
    ]);
  });
  it('means over sets are unweighted', () => {
    const near = bootstrapRankings([rankScores(id, ood)], options)[0]!;
    const far = bootstrapRankings([rankScores(id, [-9, -8])], { ...options, ood: 'noise' })[0]!;
    const mean = rankingEstimate([near, far], 'auroc');
    expect(mean.value).toBeCloseTo((near.values.auroc + far.values.auroc) / 2, 14);
    expect(mean.n).toBe(62);
  });
  it('empty sets and no sets have no interval, and those that do not overlap an exact one', () => {
    const apart = bootstrapRankings([rankScores([3, 4, 5], [1, 2])], options)[0]!;
    expect(rankingEstimate([apart], 'auroc')).toMatchObject({
      value: 1,
      interval: [expect.closeTo(Math.sqrt(0.05), 12), 1],
    });
    const empty = bootstrapRankings([rankScores([], [1, 2])], options)[0]!;
    expect(rankingEstimate([empty], 'auroc')).toMatchObject({ value: Number.NaN, interval: null, n: 2 });
    expect(rankingEstimate([], 'auroc')).toMatchObject({ value: Number.NaN, n: 0 });
  });
});
