import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bootstrap } from '../../../src/metrics/estimates/intervals.js';
import { aurocEstimate } from '../../../src/metrics/ranking/auroc-estimate.js';
import { compareScores } from '../../../src/metrics/ranking/ranking.js';
import { deviationOfDraws } from '../../../src/metrics/resampling/spread.js';
import { areaUnderRisk, riskCoverage } from '../../../src/metrics/selective/risk-coverage.js';
import { kolmogorovTail, smirnovP } from '../../../src/metrics/tests/kolmogorov-smirnov.js';
import { meanDifference } from '../../../src/metrics/tests/mean-difference.js';
import { permutationTest } from '../../../src/metrics/tests/permutation-test.js';
import { distancesOf, pooled } from '../../../src/metrics/tests/pooled.js';
import { mannWhitneyP, midranks, wilcoxonP } from '../../../src/metrics/tests/rank-tests.js';
import { stream } from '../../../src/random/stream.js';

/** Equal to so many digits of the number itself, however small. */
function near(value: number, wanted: number, digits = 9): void {
  expect(Math.abs(value / wanted - 1), `${value} for ${wanted}`).toBeLessThan(10 ** -digits);
}

const A = [0.3, 1.2, 2.5, 2.5, 3.1, 4.4, 5.0, 7.7];
const B = [0.1, 0.9, 1.2, 1.9, 2.0, 2.2, 2.6, 3.0, 3.3, 0.4, 1.1];
const once = (n: number) => new Uint8Array(n).fill(1);

// Constants without another source are those of scipy 1.17.1, all digits.
describe('tests of two samples', () => {
  it('ranks (mannwhitneyu and wilcoxon, asymptotic)', () => {
    expect([...midranks([3, 1, 3, 2])]).toEqual([3.5, 1, 3.5, 2]);
    near(mannWhitneyP(A, B), 0.09835199205586016);
    near(mannWhitneyP(B, A), 0.09835199205586016);
    near(wilcoxonP([0.5, -0.2, 0.9, 1.4, 0, 0.2, -0.7, 2.1, 0.5, 1]), 0.057584115072875815);
    expect(mannWhitneyP([1, 1], [1, 1, 1])).toBeNaN();
    expect(mannWhitneyP([], [1])).toBeNaN();
    expect(wilcoxonP([0, 0])).toBeNaN();
  });

  it('distances (ks_2samp, energy_distance)', () => {
    const sample = pooled(A, B);
    const { ks, energy } = distancesOf(sample, sample.first);
    near(ks, 0.4772727272727273);
    near(energy, 0.9618363333911883);
    const equal = pooled([1, 2], [2, 1]);
    expect(distancesOf(equal, equal.first)).toEqual({ ks: 0, energy: 0 });
    const empty = pooled([1], []);
    expect(distancesOf(empty, empty.first).ks).toBeNaN();
    expect(() => pooled([1, Number.NaN], [2])).toThrow('NaN');
  });

  it.each([
    [0.4772727272727273, 8, 11, 0.17817734381201875],
    [0.38333333333333336, 200, 150, 1.016783357525071e-11],
    [0.6, 20, 20, 0.001115801546231492],
  ])('the largest gap %d of %d and %d values, exactly', (ks, n, m, p) => {
    near(smirnovP(ks, n, m).p, p, 6);
    near(smirnovP(ks, m, n).p, p, 6);
  });

  it('and by its limit, where there are too many', () => {
    near(kolmogorovTail(0.8), 0.5441424115741981);
    near(kolmogorovTail(0.3), 0.9999906941986655);
    near(kolmogorovTail(2.5), 7.453306344157342e-6);
    expect(kolmogorovTail(0)).toBe(1);
    const { p, method } = smirnovP(0.03, 3000, 3000);
    expect(method).toBe('asymptotic');
    near(p, kolmogorovTail(0.03 * Math.sqrt(1500)));
    expect(smirnovP(Number.NaN, 1, 0).p).toBeNaN();
  });

  it('by permutations: all exchanges of six pairs, one by one, give the p that draws estimate', () => {
    const [a, b] = [A.slice(0, 6), [0.1, 0.2, 2.9, 1.1, 0.4, 5.1]];
    const seen = distancesOf(pooled(a, b), pooled(a, b).first);
    const all = Array.from({ length: 64 }, (_, bits) => {
      const swapped = (i: number) => ((bits >> i) & 1) === 1;
      const sample = pooled(
        a.map((value, i) => (swapped(i) ? b[i]! : value)),
        b.map((value, i) => (swapped(i) ? a[i]! : value)),
      );
      return distancesOf(sample, sample.first);
    });
    const share = (of: 'ks' | 'energy') => all.filter((one) => one[of] >= seen[of] - 1e-12).length / 64;
    const options = { seed: 1, permutations: 9999, purpose: 'test', paired: true };
    const found = permutationTest(pooled(a, b), options);
    expect(found.ks).toBeCloseTo(share('ks'), 1);
    expect(found.energy).toBeCloseTo(share('energy'), 1);
    expect(Math.abs(found.energy - share('energy'))).toBeLessThan(0.02);
    expect(permutationTest(pooled(a, b), options)).toEqual(found);
  });

  it('by permutations: of independent samples, p is that of the rank test within what draws tell', () => {
    const far = permutationTest(pooled(A, [20, 21, 22, 23, 24]), { seed: 0, purpose: 'far' });
    expect(far).toEqual({ ks: 1 / 1000 + 0, energy: expect.any(Number) });
    expect(far.energy).toBeLessThan(0.004);
    const same = permutationTest(pooled([1, 1, 1], [1, 1]), { seed: 0, purpose: 'same' });
    expect(same).toEqual({ ks: 1, energy: 1 });
    const { ks } = permutationTest(pooled(A, B), { seed: 0, permutations: 9999, purpose: 'near' });
    expect(Math.abs(ks - 0.178)).toBeLessThan(0.03);
  });
});

describe('estimates of two samples', () => {
  it('the difference of means (ttest_ind, equal_var=False, degrees of freedom rounded down)', () => {
    const { value, interval, n, method } = meanDifference(A, B);
    near(value, 1.6375);
    expect([n, method]).toEqual([19, 'welch']);
    near(interval?.[0] ?? 0, -0.3619423086250748, 6);
    near(interval?.[1] ?? 0, 3.6369423086250747, 6);
    expect(meanDifference([1], [2, 3]).interval).toBeNull();
    expect(meanDifference([], [2, 3]).value).toBeNaN();
    expect(meanDifference([1, 1], [1, 1])).toMatchObject({ value: 0, interval: null, method: 'none' });
  });

  it('AUROC: that of the ranking, and an interval that a bootstrap of independent samples gives', () => {
    const { value, interval } = aurocEstimate({ values: A }, { values: B });
    near(value, compareScores(A, B).auroc);
    expect(interval?.[0]).toBeGreaterThan(0.4);
    expect(interval?.[1]).toBeLessThanOrEqual(1);
    expect(aurocEstimate({ values: [2, 3] }, { values: [0, 1] })).toMatchObject({
      value: 1,
      interval: [expect.closeTo(Math.sqrt(0.05), 12), 1],
    });
    expect(aurocEstimate({ values: [] }, { values: [1] }).value).toBeNaN();
  });

  it.each([0.05, 1])('AUROC of pairs: as wide as a bootstrap of the pairs (noise %d)', (noise) => {
    const draws = stream({ seed: 3, purpose: 'pairs', example: 0 });
    const n = 150;
    const a = Float64Array.from({ length: n }, () => draws.normal());
    const b = a.map((value) => value - 0.3 + noise * draws.normal());
    const of = Int32Array.from(a.keys());
    const { interval } = aurocEstimate({ values: a, of }, { values: b, of });
    const drawn = (indices: Int32Array, values: Float64Array) => Array.from(indices, (i) => values[i]!);
    const booted = bootstrap(n, (i) => compareScores(drawn(i, a), drawn(i, b)).auroc, { seed: 5 });
    const width = (of: [number, number] | null) => (of ? of[1] - of[0] : Number.NaN);
    const ratio = width(interval) / width(booted.interval);
    expect(ratio).toBeGreaterThan(0.85);
    expect(ratio).toBeLessThan(1.15);
    const apart = aurocEstimate({ values: a }, { values: b }).interval;
    if (noise < 0.1) expect(width(interval)).toBeLessThan(0.5 * width(apart));
  });
});

describe('risk and spread', () => {
  it('the area under the risk of what is kept, by its definition', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.boolean()), { minLength: 1, maxLength: 20 }),
        (rows) => {
          // Without ties: the mean of the share of errors among the k highest.
          const [scores, correct] = [
            rows.map(([s], i) => s + i / 100),
            rows.map(([, right]) => (right ? 1 : 0)),
          ];
          const order = scores.map((_, i) => i).sort((i, j) => scores[j]! - scores[i]!);
          let [errors, sum] = [0, 0];
          for (const [k, i] of order.entries()) {
            errors += 1 - correct[i]!;
            sum += errors / (k + 1);
          }
          expect(areaUnderRisk(scores, correct)(once(rows.length))).toBeCloseTo(sum / rows.length, 12);
        },
      ),
    );
  });

  it('of equal scores it is the mean over their orders; curves end at the error rate', () => {
    // Orders wrong, right and right, wrong: (1 + 1/2) / 2 and (0 + 1/2) / 2.
    expect(areaUnderRisk([1, 1], [0, 1])(once(2))).toBeCloseTo(0.5, 12);
    expect(areaUnderRisk([1, 1, 0], [0, 1, 1])(Uint8Array.of(1, 1, 0))).toBeCloseTo(0.5, 12);
    expect(riskCoverage([3, 2, 2, 1], [1, 0, 1, 0])).toEqual([
      { x: 0.25, y: 0 },
      { x: 0.75, y: 1 / 3 },
      { x: 1, y: 0.5 },
    ]);
  });

  it('the standard deviation of what was drawn (numpy.std, ddof=1)', () => {
    near(deviationOfDraws(Float64Array.from(A))(once(8)), 2.3354029936730716, 6);
    expect(deviationOfDraws(Float64Array.of(1))(once(1))).toBeNaN();
  });
});
