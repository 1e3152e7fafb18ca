import { describe, expect, it } from 'vitest';
import { bootstrap, meanStatistic } from '../../src/metrics/intervals.js';
import { jointBootstrap } from '../../src/metrics/joint-bootstrap.js';
import { rankScores } from '../../src/metrics/ranking.js';
import { bootstrapRankings, rankingEstimate } from '../../src/metrics/ranking-bootstrap.js';
import { stream } from '../../src/random/stream.js';

const noise = stream({ seed: 5, purpose: 'test', example: 0 });
const values = Float64Array.from({ length: 60 }, () => noise.normal());

describe('jointBootstrap', () => {
  it('gives each statistic what a bootstrap of its own gives', () => {
    const mean = meanStatistic(values);
    const joint = jointBootstrap(60, (i) => ({ mean: mean(i), twice: 2 * mean(i) }), { seed: 3 });
    expect(joint.mean).toEqual(bootstrap(60, mean, { seed: 3 }));
    expect(joint.twice.interval?.[0]).toBeCloseTo(2 * (joint.mean.interval?.[0] ?? Number.NaN), 12);
  });
  it('centres biased statistics on the value and cuts to the range', () => {
    const absolute = (indices: Int32Array) => Math.abs(meanStatistic(values)(indices));
    const { a, b } = jointBootstrap(60, (i) => ({ a: absolute(i), b: absolute(i) }), {
      seed: 3,
      centred: ['b'],
      within: [0, 1],
    });
    expect(b.method).toBe('bootstrap-centred');
    expect(a.method).toBe('bootstrap');
    expect(b.interval?.[0]).toBeGreaterThanOrEqual(0);
    expect((b.interval?.[1] ?? 0) - (a.interval?.[1] ?? 0)).toBeLessThan(0);
  });
  it('has nothing to say about nothing', () => {
    const { x } = jointBootstrap(0, () => ({ x: 4 }), { seed: 0 });
    expect(x).toEqual({ value: Number.NaN, n: 0, interval: null, level: 0.95, method: 'none' });
  });
});

const options = { seed: 1, id: 'test', ood: 'far', resamples: 400 };
const id = values.slice(0, 40).map((v) => v + 1);
const ood = values.slice(40);

describe('bootstrapRankings', () => {
  it('values are those of the ranking, intervals hold them', () => {
    const [result] = bootstrapRankings([rankScores(id, ood)], options);
    for (const metric of ['auroc', 'auprIn', 'auprOut'] as const) {
      const { value, interval, n } = rankingEstimate([result], metric);
      expect(value).toBe(result.values[metric]);
      expect(n).toBe(60);
      expect(interval?.[0]).toBeLessThan(value);
      expect(interval?.[1]).toBeGreaterThan(value);
    }
  });
  it('does not depend on which rankings are bootstrapped together', () => {
    const ranking = rankScores(id, ood);
    const other = rankScores(id, ood.map(Math.abs));
    expect(bootstrapRankings([other, ranking], options)[1]).toEqual(bootstrapRankings([ranking], options)[0]);
  });
  it('means over sets are unweighted', () => {
    const [near] = bootstrapRankings([rankScores(id, ood)], options);
    const [far] = bootstrapRankings([rankScores(id, [-9, -8])], { ...options, ood: 'noise' });
    const mean = rankingEstimate([near, far], 'auroc');
    expect(mean.value).toBeCloseTo((near.values.auroc + far.values.auroc) / 2, 14);
    expect(mean.n).toBe(62);
  });
  it('sets that do not overlap, empty sets and no sets have no interval', () => {
    const [apart] = bootstrapRankings([rankScores([3, 4, 5], [1, 2])], options);
    expect(rankingEstimate([apart], 'auroc')).toMatchObject({ value: 1, interval: null, method: 'none' });
    const [empty] = bootstrapRankings([rankScores([], [1, 2])], options);
    expect(rankingEstimate([empty], 'auroc')).toMatchObject({ value: Number.NaN, interval: null, n: 2 });
    expect(rankingEstimate([], 'auroc')).toMatchObject({ value: Number.NaN, n: 0 });
  });
});
