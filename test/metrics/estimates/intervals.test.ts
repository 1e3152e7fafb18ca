import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  normalCdf,
  normalQuantile,
  studentTQuantile,
} from '../../../src/metrics/distributions/distributions.js';
import {
  bootstrap,
  meanOf,
  meanStatistic,
  pairedBootstrap,
  percentileInterval,
  quantile,
  resample,
  wilson,
} from '../../../src/metrics/estimates/intervals.js';
import { jackknifeEstimate } from '../../../src/metrics/estimates/jackknife.js';
import { aurocEstimate } from '../../../src/metrics/ranking/auroc-estimate.js';
import { meanOfDraws } from '../../../src/metrics/resampling/draw-counts.js';
import { jointBootstrap } from '../../../src/metrics/resampling/joint-bootstrap.js';
import { selectiveEstimates } from '../../../src/metrics/selective/selective-estimates.js';
import { meanDifference } from '../../../src/metrics/tests/mean-difference.js';
import { measure } from '../../../src/suites/measure.js';

describe('quantiles of the normal and of Student t', () => {
  it.each([
    [0.5, 0.6744897501960817],
    [0.9, 1.6448536269514722],
    [0.95, 1.959963984540054],
    [0.99, 2.5758293035489004],
  ])('two-sided %f: %f', (level, z) => expect(normalQuantile(level)).toBeCloseTo(z, 12));

  // Tables of the t distribution, two-sided 95 %.
  it.each([
    [1, 12.7062047362],
    [2, 4.3026527297],
    [3, 3.1824463053],
    [4, 2.7764451052],
    [10, 2.2281388519],
    [30, 2.0422724563],
    [100, 1.9839715185],
  ])('t with %i degrees of freedom: %f', (df, t) => expect(studentTQuantile(0.95, df)).toBeCloseTo(t, 8));

  // mpmath 1.3: the root of betainc(df / 2, 1 / 2, 0, df / (df + t^2), regularized=True) = 1 - level, to 30 digits.
  it.each([
    [0.5, 401, 0.675102052247105],
    [0.95, 401, 1.96589746533652],
    [0.999, 401, 3.31495374439362],
    [0.999999, 401, 4.9687003830616],
    [0.95, 500, 1.96471983746737],
    [0.999, 500, 3.31009115152267],
    [0.95, 1000, 1.96233908082641],
    [0.999, 1000, 3.30028264842391],
    [0.999999, 1000, 4.92228952342383],
    [0.999, 10000, 3.2914999659416],
    [0.999, 100000, 3.29062403141188],
  ])('t at %f with %i degrees of freedom: %f', (level, df, t) =>
    expect(Math.abs(studentTQuantile(level, df) / t - 1)).toBeLessThan(1e-9),
  );

  it('joins the series and the expansion', () => {
    expect(studentTQuantile(0.95, 400) - studentTQuantile(0.95, 401)).toBeGreaterThan(0);
    expect(studentTQuantile(0.95, 400) - studentTQuantile(0.95, 401)).toBeLessThan(2e-5);
  });

  it('has a symmetric, increasing distribution function', () => {
    for (let z = -6; z < 6; z += 0.25) {
      expect(normalCdf(z) + normalCdf(-z)).toBeCloseTo(1, 14);
      expect(normalCdf(z + 0.25)).toBeGreaterThan(normalCdf(z));
    }
  });
});

describe('wilson', () => {
  // Newcombe 1998, Statistics in Medicine 17, Table I, method 3 (score without continuity correction).
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('%i of %i', (k, n, lo, hi) => {
    const { value, interval, method } = wilson(k, n);
    expect(value).toBe(k / n);
    expect(interval?.[0]).toBeCloseTo(lo, 4);
    expect(interval?.[1]).toBeCloseTo(hi, 4);
    expect(method).toBe('wilson');
  });

  it('stays in [0, 1], holds the value and is mirrored by counting failures', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (n, share) => {
          const k = Math.round(share * n);
          const [lo, hi] = wilson(k, n).interval ?? [];
          const [mirroredLo, mirroredHi] = wilson(n - k, n).interval ?? [];
          expect(lo).toBeGreaterThanOrEqual(0);
          expect(hi).toBeLessThanOrEqual(1);
          expect(lo).toBeLessThanOrEqual(k / n);
          expect(hi).toBeGreaterThanOrEqual(k / n);
          expect(lo).toBeCloseTo(1 - (mirroredHi as number), 12);
          expect(hi).toBeCloseTo(1 - (mirroredLo as number), 12);
        },
      ),
    );
  });

  it('is undefined without examples', () => {
    expect(wilson(0, 0)).toEqual({ value: Number.NaN, n: 0, interval: null, level: 0.95, method: 'none' });
  });
});

describe('meanOf', () => {
  it('gives the textbook interval', () => {
    const { value, interval } = meanOf([1, 2, 3, 4]);
    expect(value).toBe(2.5);
    const half = 3.1824463053 * Math.sqrt(5 / 3 / 4);
    expect(interval?.[0]).toBeCloseTo(2.5 - half, 8);
    expect(interval?.[1]).toBeCloseTo(2.5 + half, 8);
  });
  it('has no interval for one value and no value for none', () => {
    expect(meanOf([3])).toMatchObject({ value: 3, interval: null, method: 'none' });
    expect(meanOf([]).value).toBeNaN();
  });
});

describe('what does not vary', () => {
  const alike = (n: number) => new Float64Array(n).fill(0.1);
  it.each([
    ['the mean of equal numbers', () => meanOf(alike(7)), /all values are alike/],
    ['the mean of one', () => meanOf(alike(1)), /one example/],
    ['a difference of means', () => meanDifference(alike(3), alike(4)), /all values are alike/],
    ['a bootstrap', () => bootstrap(9, meanStatistic(alike(9)), { seed: 0 }), /every resample/],
    ['a bootstrap of one', () => bootstrap(1, meanStatistic(alike(1)), { seed: 0 }), /one example/],
    ['a joint bootstrap', () => jointOf(alike(9)), /every resample/],
    ['a centred one', () => jointOf(alike(9), ['mean']), /every resample/],
    ['a jackknife', () => jackknifeEstimate(0.1, alike(5), [0, 1]), /all values are alike/],
    ['scores that are all alike', () => aurocEstimate({ values: [3, 3] }, { values: [3, 3] }), /error/],
    ['a score of one image', () => aurocEstimate({ values: [3] }, { values: [1, 4] }), /one example/],
    ['areas without a right prediction', () => selectiveEstimates([1, 2, 3], [0, 0, 0]).aurc, /error/],
  ])('has no interval of no width, and says why: %s', (_, make, why) => {
    const estimate = make();
    expect(estimate.value).not.toBeNaN();
    expect(estimate).toMatchObject({ interval: null, method: 'none', why: expect.stringMatching(why) });
    expect(measure(about, estimate).note).toBe(`rests on little; ${estimate.why}`);
  });
  const about = {
    ...{ suite: 's', measure: 'm', title: 'M', model: 'net', dataset: 'test' },
    ...({ better: 'higher', format: 'number', note: 'rests on little' } as const),
  };
  const jointOf = (values: Float64Array, centred: string[] = []) =>
    jointBootstrap(values.length, [{ of: (times) => ({ mean: meanOfDraws(values)(times) }), centred }], {
      seed: 0,
      resamples: 50,
    }).mean;
});

describe('bootstrap', () => {
  const values = Float64Array.from({ length: 400 }, (_, i) => Math.sin(i * i) + i / 400);

  it('is the same for the same seed, and another for another', () => {
    const once = bootstrap(400, meanStatistic(values), { seed: 1 });
    expect(bootstrap(400, meanStatistic(values), { seed: 1 })).toEqual(once);
    expect(bootstrap(400, meanStatistic(values), { seed: 2 }).interval).not.toEqual(once.interval);
    expect(once.n).toBe(400);
  });

  it('agrees with Student t on a mean', () => {
    const byBootstrap = bootstrap(400, meanStatistic(values), { seed: 0, resamples: 4000 });
    const byT = meanOf(values);
    expect(byBootstrap.value).toBeCloseTo(byT.value, 12);
    const width = (byT.interval as number[])[1]! - (byT.interval as number[])[0]!;
    expect(Math.abs((byBootstrap.interval as number[])[0]! - (byT.interval as number[])[0]!)).toBeLessThan(
      0.06 * width,
    );
    expect(Math.abs((byBootstrap.interval as number[])[1]! - (byT.interval as number[])[1]!)).toBeLessThan(
      0.06 * width,
    );
  });

  it('draws every example equally often', () => {
    const counts = new Int32Array(7);
    const indices = new Int32Array(7000);
    for (let b = 0; b < 20; b++) {
      resample(indices, 7, b, { seed: 5 });
      for (const i of indices) counts[i]!++;
    }
    // 20000 expected, standard deviation 131.
    for (const count of counts) expect(Math.abs(count - 20_000)).toBeLessThan(6 * 131);
  });

  it('covers the true mean about as often as it says', () => {
    let covered = 0;
    for (let trial = 0; trial < 200; trial++) {
      const sample = new Int32Array(60);
      resample(sample, 1000, trial, { seed: 11, purpose: 'sample' });
      const [lo, hi] = bootstrap(60, meanStatistic(sample), { seed: trial, resamples: 300 })
        .interval as number[];
      if (lo! <= 499.5 && 499.5 <= hi!) covered++;
    }
    expect(covered).toBeGreaterThan(178);
    expect(covered).toBeLessThan(200);
  });

  it('pairs systems: what they share cancels', () => {
    const shifted = values.map((v) => v + 0.25);
    const difference = pairedBootstrap(400, meanStatistic(shifted), meanStatistic(values), { seed: 0 });
    expect(difference.value).toBeCloseTo(0.25, 12);
    expect(difference).toMatchObject({ interval: null, why: expect.stringMatching(/every resample/) });
  });

  it('leaves out undefined replicates, and gives no interval when all are', () => {
    expect(bootstrap(0, () => 1, { seed: 0 })).toMatchObject({ n: 0, interval: null });
    expect(bootstrap(3, () => Number.NaN, { seed: 0 }).interval).toBeNull();
    expect(percentileInterval([Number.NaN, 1, 2, Number.NaN], 0.5)).toEqual([1.25, 1.75]);
    expect(percentileInterval([Number.NaN, 1])).toBeNull();
  });

  it('centres replicates on request', () => {
    const [lo, hi] = percentileInterval([1, 2, 3], 1, 10) as number[];
    expect([lo, hi]).toEqual([9, 11]);
  });

  it('interpolates quantiles linearly', () => {
    expect(quantile([0, 10, 20], 0.25)).toBe(5);
    expect(quantile([4], 0.9)).toBe(4);
  });
});
