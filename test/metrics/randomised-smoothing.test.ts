import { describe, expect, it } from 'vitest';
import { clopperPearson, proportionAtLeast } from '../../src/metrics/distributions/beta-distribution.js';
import { certificateOf, largestRadius, smoothedPrediction } from '../../src/metrics/randomised-smoothing.js';
import { stream } from '../../src/random/stream.js';

/** Lower bounds of Clopper and Pearson at alpha = .001, and radii, of SciPy. */
const KNOWN = [
  { n: 100_000, k: 100_000, p: 0.99993092, sigma: 0.25, radius: 0.95286 },
  { n: 100_000, k: 99_000, p: 0.98898934, sigma: 0.25, radius: 0.5725 },
  { n: 100_000, k: 60_000, p: 0.59520105, sigma: 0.5, radius: 0.12047 },
  { n: 100_000, k: 50_500, p: 0.50010895, sigma: 0.5, radius: 0.00014 },
  { n: 1000, k: 1000, p: 0.99311605, sigma: 0.25, radius: 0.61582 },
  { n: 1000, k: 990, p: 0.97603619, sigma: 0.25, radius: 0.4945 },
  { n: 100, k: 100, p: 0.9332543, sigma: 0.25, radius: 0.37512 },
  { n: 100, k: 80, p: 0.65355727, sigma: 0.25, radius: 0.09874 },
] as const;

describe('certificates of smoothed classifiers', () => {
  it.each(KNOWN)('$k of $n draws at sigma $sigma certify $radius', ({ n, k, p, sigma, radius }) => {
    const found = certificateOf([1, 99], [n - k, k], { sigma, alpha: 0.001 });
    expect(found).toMatchObject({ selected: 1, count: k });
    expect(found.pLower).toBeCloseTo(p, 8);
    expect(found.radius).toBeCloseTo(radius, 5);
  });

  it('have no radius below one half, nor where estimation does not bear selection out', () => {
    const settings = { sigma: 1, alpha: 0.001 };
    expect(certificateOf([60, 40], [520, 480], settings).radius).toBeUndefined();
    expect(certificateOf([60, 40], [0, 1000], settings)).toEqual({
      selected: 0,
      count: 0,
      pLower: 0,
      radius: undefined,
    });
    // Nine draws cannot show a half at alpha = .001, ten can.
    expect(largestRadius(9, settings)).toBeUndefined();
    expect(largestRadius(10, settings)).toBeCloseTo(0.002976, 6);
  });

  it('take the lower end of the two-sided interval at twice the alpha', () => {
    for (const [k, n] of [
      [0, 5],
      [3, 5],
      [5, 5],
      [70, 100],
    ] as const)
      expect(proportionAtLeast(k, n, 0.02)).toBeCloseTo(clopperPearson(k, n, 0.96).interval?.[0] ?? 1, 14);
  });

  // The chance that the bound is above p, summed over all counts, by terms that are multiplied up.
  it.each([0.5, 0.6, 0.9, 0.99])('are wrong with a chance of at most alpha where p is %d', (p) => {
    const [n, alpha] = [60, 0.05];
    let [term, wrong] = [(1 - p) ** n, 0];
    for (let k = 0; k <= n; k++) {
      if (proportionAtLeast(k, n, alpha) > p) wrong += term;
      term *= ((n - k) / (k + 1)) * (p / (1 - p));
    }
    expect(wrong).toBeLessThanOrEqual(alpha);
  });

  it('cover as they say where draws are simulated, and no more than they must', () => {
    const draws = stream({ seed: 1, purpose: 'test/smoothing', example: 0 });
    const [p, n, alpha, times] = [0.8, 200, 0.1, 1000];
    let wrong = 0;
    for (let t = 0; t < times; t++) {
      let k = 0;
      for (let i = 0; i < n; i++) if (draws.uniform() < p) k++;
      if (certificateOf([1, 0], [k, n - k], { sigma: 1, alpha }).pLower > p) wrong++;
    }
    expect(wrong / times).toBeLessThan(alpha + 3 * Math.sqrt((alpha * (1 - alpha)) / times));
    expect(wrong / times).toBeGreaterThan(alpha / 2);
  });
});

describe('predictions of smoothed classifiers', () => {
  // Two-sided p values of SciPy's binomtest: 60 of 100 .0569, 61 of 100 .0352, 10 of 10 .00195, 9 of 9 .0039.
  it.each([
    { counts: [40, 60], alpha: 0.05, prediction: undefined },
    { counts: [39, 61], alpha: 0.05, prediction: 1 },
    { counts: [10, 0, 0], alpha: 0.002, prediction: 0 },
    { counts: [9, 0, 0], alpha: 0.002, prediction: undefined },
    { counts: [5, 5], alpha: 0.5, prediction: undefined },
    // Only the first two count.
    { counts: [30, 9, 9, 9, 9], alpha: 0.001, prediction: undefined },
    { counts: [30, 5, 5, 5, 5], alpha: 0.001, prediction: 0 },
    { counts: [7], alpha: 0.05, prediction: 0 },
  ])('$counts at alpha $alpha: $prediction', ({ counts, alpha, prediction }) => {
    expect(smoothedPrediction(counts, alpha)).toBe(prediction);
  });
});
