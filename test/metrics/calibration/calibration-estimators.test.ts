import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adaptiveEce } from '../../../src/metrics/calibration/adaptive-ece.js';
import { binSums, equalMass, equalWidth } from '../../../src/metrics/calibration/binning.js';
import {
  brierReliability,
  brierResolution,
  brierScores,
  brierUncertainty,
  corpParts,
  withinBinTerm,
} from '../../../src/metrics/calibration/brier.js';
import { ace, classwiseEce, ece, ofClass } from '../../../src/metrics/calibration/calibration.js';
import {
  canonicalKernelEce,
  canonicalKernelEceEstimate,
} from '../../../src/metrics/calibration/canonical-kernel-ece.js';
import {
  debiasedL1,
  debiasedSquare,
  marginalDebiasedSquare,
} from '../../../src/metrics/calibration/debiased-calibration.js';
import { kernelEce, kernelEceEstimate } from '../../../src/metrics/calibration/kernel-ece.js';
import { smoothEce, smoothEceAt } from '../../../src/metrics/calibration/smooth-ece.js';
import { sweepEce } from '../../../src/metrics/calibration/sweep-ece.js';
import { areaUnderRisk } from '../../../src/metrics/selective/risk-coverage.js';
import { stream } from '../../../src/random/stream.js';
import { drawnPredictions, hasReference, once, reference, spread } from './known-calibration.js';

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

describe('known answers', () => {
  it.each([
    {
      name: 'over-confident',
      chance: (f: number) => f * f,
      share: 0.334,
      ece: 0.166,
      smooth: 0.165792,
      bandwidth: 0.166016,
      square: 0.0304543,
      sweep: 0.166,
      bins: 14,
    },
    {
      name: 'calibrated',
      chance: (f: number) => f,
      share: 0.498,
      ece: 0.0136,
      smooth: 0.014342,
      bandwidth: 0.014648,
      square: -0.0023946,
      sweep: 0.01703,
      bins: 23,
    },
  ])('$name', ({ chance, ...expected }) => {
    const { p, y } = spread(chance);
    expect(mean(y)).toBeCloseTo(expected.share, 12);
    expect(ece(binSums(equalWidth(p, 15), p, y))).toBeCloseTo(expected.ece, 6);
    const smooth = smoothEce(p, y)(once(1000));
    expect(smooth.value).toBeCloseTo(expected.smooth, 6);
    expect(smooth.bandwidth).toBeCloseTo(expected.bandwidth, 6);
    expect(debiasedSquare(binSums(equalMass(p, 15), p, y))).toBeCloseTo(expected.square, 7);
    const sweep = sweepEce(p, y)(once(1000));
    expect(sweep.bins).toBe(expected.bins);
    expect(sweep.value).toBeCloseTo(expected.sweep, 6);
  });

  it('smooth ECE at a bandwidth', () => {
    const { p, y } = spread((f) => f * f);
    expect(smoothEceAt(p, y, 0.05)).toBeCloseTo(0.165513, 6);
  });

  it('AURC', () => {
    const { p, y } = spread((f) => f * f);
    expect(areaUnderRisk(p, y)(once(1000))).toBeCloseTo(0.394899, 6);
  });

  it('Brier of an even chance', () => {
    expect([...brierScores({ n: 1, classes: 2, data: [0.5, 0.5] }, [0])]).toEqual([0.5]);
  });
});

describe.skipIf(!hasReference)('a trained network, as public packages see it', () => {
  it.each(['unscaled', 'temperature_scaled'] as const)('%s', (kind) => {
    const { p, y, labels, classed, values } = reference(kind);
    const all = once(p.length);
    const smooth = smoothEce(p, y)(all);
    expect(smooth.value).toBeCloseTo(values.smece_relplot_default_kernel, 9);
    expect(smooth.bandwidth).toBe(values.smece_relplot_bandwidth);
    const mass = binSums(equalMass(p, 15), p, y);
    expect(debiasedSquare(mass)).toBeCloseTo(values.l2_debiased_squared_15_equal_mass_top_label_unclipped, 9);
    const sweep = sweepEce(p, y)(all);
    expect(sweep.bins).toBe(values.ece_sweep_equal_mass_bins);
    // The reference deals examples into bins by floor(i B / n), where remainders come elsewhere than with array_split.
    const order = [...p.keys()].sort((i, j) => p[i]! - p[j]!);
    const bin = new Int32Array(p.length);
    order.forEach((i, place) => {
      bin[i] = Math.floor((place * sweep.bins) / p.length);
    });
    const dealt = binSums({ edges: new Float64Array(sweep.bins + 1), bin }, p, y);
    expect(ece(dealt)).toBeCloseTo(values.ece_sweep_equal_mass_norm1, 9);
    const kernel = values['kde_ece_code_value_top_label_p1_bw0.02'];
    expect(kernelEce(p, y, 0.02)(all)).toBeCloseTo(kernel, 9);
    expect(kernelEceEstimate(p, y, 0.02).value).toBe(kernelEce(p, y, 0.02)(all));
    expect(canonicalKernelEce(classed, labels, 0.02)(all)).toBeCloseTo(
      values['kde_ece_canonical_p1_bw0.02'],
      8,
    );
    // uncertainty-calibration cuts each class at 0 and takes the root.
    const ofClasses = Array.from({ length: classed.classes }, (_, k) => {
      const { column, isClass } = ofClass(k, classed, labels);
      return debiasedSquare(binSums(equalMass(column, 15), column, isClass));
    });
    const cut = mean(ofClasses.map((square) => Math.max(0, square)));
    expect(Math.sqrt(cut)).toBeCloseTo(values.l2_debiased_15_equal_mass_marginal, 9);
    expect(marginalDebiasedSquare(classed, labels, 15)(all)).toBeCloseTo(mean(ofClasses), 12);
    expect(areaUnderRisk(p, y)(all)).toBeCloseTo(values.aurc_mean_over_i_of_cumwrong_over_i, 9);
    expect(mean(brierScores(classed, labels))).toBeCloseTo(values.brier_multiclass_sum, 9);
    for (const [binning, parts] of [
      [equalWidth(p, 15), values.brier_top_murphy_15_equal_width],
      [equalMass(p, 15), values.brier_top_murphy_15_equal_mass],
    ] as const) {
      const sums = binSums(binning, p, y);
      expect(brierReliability(sums)).toBeCloseTo(parts.reliability, 9);
      expect(brierResolution(sums)).toBeCloseTo(parts.resolution, 9);
      expect(brierUncertainty(sums)).toBeCloseTo(parts.uncertainty, 9);
      expect(withinBinTerm(binning, p, y)(all)).toBeCloseTo(
        parts.within_bin_variance - 2 * parts.within_bin_covariance,
        9,
      );
    }
    const corp = corpParts(p, y)(all);
    expect(corp.score).toBeCloseTo(values.brier_top_label, 9);
    expect(corp.miscalibration).toBeCloseTo(values.brier_top_corp_isotonic.miscalibration, 9);
    expect(corp.discrimination).toBeCloseTo(values.brier_top_corp_isotonic.discrimination, 9);
    expect(corp.uncertainty).toBeCloseTo(values.brier_top_corp_isotonic.uncertainty, 9);
  });
});

/** Literal definitions, of examples that may be repeated. */
const literal = {
  debiasedL1(p: number[], y: number[], bin: ArrayLike<number>, draws: number) {
    const normals = stream({ seed: 1, purpose: 'test/kumar', example: 0 });
    let [plugin, resampled] = [0, 0];
    for (const b of new Set(Array.from(bin))) {
      const inside = p.flatMap((_, i) => (bin[i] === b ? [i] : []));
      const [conf, acc] = [mean(inside.map((i) => p[i]!)), mean(inside.map((i) => y[i]!))];
      plugin += (inside.length / p.length) * Math.abs(conf - acc);
      const deviation = Math.sqrt((acc * (1 - acc)) / inside.length);
      for (let d = 0; d < draws; d++)
        resampled += (inside.length / p.length / draws) * Math.abs(conf - acc - deviation * normals.normal());
    }
    return 2 * plugin - resampled;
  },
  kernel(p: number[], y: number[], h: number) {
    const beta = (z: number, at: number) => {
      const power = (base: number, x: number) => (x === 0 ? 1 : base ** x);
      // The Beta function by its integral would be slow: alpha and beta are whole numbers here.
      const [a, b] = [Math.round(at / h), Math.round((1 - at) / h)];
      let inverse = a + b + 1;
      for (let k = 1; k <= b; k++) inverse *= (a + k) / k;
      return power(z, a) * power(1 - z, b) * inverse;
    };
    const gaps = p.flatMap((z, j) => {
      const weights = p.map((at, i) => (i === j ? 0 : beta(z, at)));
      const all = weights.reduce((s, w) => s + w, 0);
      return all === 0 ? [] : [Math.abs(weights.reduce((s, w, i) => s + w * y[i]!, 0) / all - z)];
    });
    return gaps.length === 0 ? Number.NaN : mean(gaps);
  },
  smoothAt(p: number[], y: number[], s: number) {
    const m = Math.floor(Math.max(2000, Math.round(20 / s)) / 2) + 1;
    const half = (m - 1) / 2;
    const kernel = (distance: number) =>
      Math.abs(distance) > half
        ? 0
        : Math.exp(-((distance / (m - 1)) ** 2) / (2 * s * s)) / (Math.sqrt(2 * Math.PI) * s);
    const shift = half - Math.floor(m / 2);
    const grid = (values: number[]) => {
      const sums = new Array<number>(m).fill(0);
      p.forEach((v, i) => {
        const below = Math.min(m - 2, Math.floor(v * (m - 1)));
        sums[below]! += (1 - (v * (m - 1) - below)) * values[i]!;
        sums[below + 1]! += (v * (m - 1) - below) * values[i]!;
      });
      return sums.flatMap((value, g) => (value === 0 ? [] : [{ g, value }]));
    };
    const smoothed = (sums: { g: number; value: number }[], at: number) =>
      sums.reduce((total, { g, value }) => {
        const images =
          g === 0 || g === m - 1
            ? [g === 0 ? 0 : m - 1, 2 * (m - 1) - g, -g].filter((x, i, all) => all.indexOf(x) === i)
            : [g, -g, 2 * (m - 1) - g];
        return total + value * images.reduce((k, image) => k + kernel(image - at + shift), 0);
      }, 0);
    const points = Math.max(200, Math.round(10 / s));
    const [residuals, ones] = [grid(p.map((v, i) => v - y[i]!)), grid(p.map(() => 1))];
    let [error, density] = [0, 0];
    for (let e = 0; e < points; e++) {
      const at = (e / (points - 1)) * (m - 1);
      const below = Math.min(m - 2, Math.floor(at));
      const between = (sums: { g: number; value: number }[]) =>
        (1 - (at - below)) * smoothed(sums, below) + (at - below) * smoothed(sums, below + 1);
      error += Math.abs(between(residuals));
      density += between(ones) + 1e-4;
    }
    return error / density;
  },
  sweep(p: number[], y: number[]) {
    let best = { bins: 1, value: ece(binSums(equalMass(p, 1), p, y)) };
    for (let bins = 2; bins <= p.length; bins++) {
      const sums = binSums(equalMass(p, bins), p, y);
      const shares = Array.from(sums.count, (count, b) => sums.observed[b]! / count);
      if (shares.some((share, b) => b > 0 && share < shares[b - 1]!)) break;
      best = { bins, value: ece(sums) };
    }
    return best;
  },
};

describe('against the definition written out, of resamples', () => {
  it('debiased L1: the folded normal is the mean over many draws', () => {
    fc.assert(
      fc.property(drawnPredictions, fc.integer({ min: 1, max: 4 }), ({ drawn: { p, y } }, bins) => {
        const binning = equalMass(p, bins);
        const found = debiasedL1(binSums(binning, p, y));
        expect(Math.abs(found - literal.debiasedL1(p, y, binning.bin, 4000))).toBeLessThan(0.03);
      }),
      { numRuns: 20 },
    );
  });

  it('debiased square has no bias, and single examples add nothing', () => {
    expect(debiasedSquare(binSums(equalMass([0.2, 0.9], 2), [0.2, 0.9], [1, 0]))).toBe(0);
    // Of a calibrated model it is 0 on average, where the plain square is not.
    const p = new Float64Array(30).fill(0.7);
    const values = Array.from({ length: 2000 }, (_, example) => {
      const draws = stream({ seed: 0, purpose: 'test/debiased', example });
      return debiasedSquare(
        binSums(
          equalWidth(p, 1),
          p,
          Array.from(p, (v) => Number(draws.uniform() < v)),
        ),
      );
    });
    expect(Math.abs(mean(values))).toBeLessThan(0.001);
  });

  it('kernel regression', () => {
    fc.assert(
      fc.property(drawnPredictions, fc.constantFrom(1 / 24, 1 / 12), ({ p, y, times, drawn }, h) => {
        // Halves of the finer bandwidth fit the grid as well.
        const onGrid = (v: number) => (h === 1 / 24 ? v : Math.round(v * 12) / 12);
        const found = kernelEce(p.map(onGrid), y, h)(times);
        const expected = literal.kernel(drawn.p.map(onGrid), drawn.y, h);
        if (Number.isNaN(expected)) expect(found).toBeNaN();
        else expect(found).toBeCloseTo(expected, 9);
      }),
    );
  });

  it('the jackknife of kernel regression is of the values without each example', () => {
    const p = Float64Array.from({ length: 12 }, (_, i) => (i + 1) / 14);
    const y = Uint8Array.from({ length: 12 }, (_, i) => Number(i % 3 !== 1));
    const { interval, value } = kernelEceEstimate(p, y, 0.1);
    const without = Array.from(p, (_, k) =>
      kernelEce(
        p.filter((_, i) => i !== k),
        y.filter((_, i) => i !== k),
        0.1,
      )(once(11)),
    );
    const centre = mean(without);
    const half =
      1.959963984540054 * Math.sqrt((11 / 12) * without.reduce((s, v) => s + (v - centre) ** 2, 0));
    expect(interval?.[1]).toBeCloseTo(value + half, 10);
  });

  it('canonical kernel regression of two classes is twice that of the probability of one', () => {
    fc.assert(
      fc.property(drawnPredictions, fc.constantFrom(0.05, 0.2), ({ p, y, times }, h) => {
        const two = { n: p.length, classes: 2, data: Array.from(p).flatMap((v) => [1 - v, v]) };
        const expected = 2 * kernelEce(p, y, h)(times);
        const found = canonicalKernelEce(two, y, h)(times);
        if (Number.isNaN(expected)) expect(found).toBeNaN();
        else expect(found).toBeCloseTo(expected, 9);
      }),
    );
  });

  it('canonical kernel regression of three classes, by the density written out, and its jackknife', () => {
    const [h, classes] = [0.25, 3];
    const rows = [
      [0.5, 0.25, 0.25],
      [0.25, 0.75, 0],
      [0, 0.5, 0.5],
      [0.25, 0.25, 0.5],
      [0.5, 0.5, 0],
      // From here on each has weight at each.
      [0.5, 0.25, 0.25],
      [0.25, 0.5, 0.25],
      [0.25, 0.25, 0.5],
      [0.25, 0.5, 0.25],
      [0.5, 0.25, 0.25],
    ];
    const labels = [0, 1, 1, 2, 0, 0, 2, 1, 1, 2];
    const factorial = (m: number): number => (m < 2 ? 1 : m * factorial(m - 1));
    // At this bandwidth the parameters are whole, and powers of 0 are 0^0 = 1.
    const density = (z: number[], at: number[]) =>
      z.reduce(
        (product, v, k) => (product * v ** (at[k]! / h)) / factorial(at[k]! / h),
        factorial(1 / h + 2),
      );
    const literalOf = (kept: number[]) =>
      mean(
        kept.flatMap((j) => {
          const weights = kept.map((i) => (i === j ? 0 : density(rows[j]!, rows[i]!)));
          const all = weights.reduce((a, b) => a + b, 0);
          const share = (k: number) =>
            weights.reduce((sum, w, at) => sum + (labels[kept[at]!] === k ? w : 0), 0) / all;
          return all === 0 ? [] : [rows[j]!.reduce((sum, v, k) => sum + Math.abs(share(k) - v), 0)];
        }),
      );
    const of = (kept: number[]) => ({
      n: kept.length,
      classes,
      data: kept.flatMap((i) => rows[i]!),
    });
    const first = [0, 1, 2, 3, 4];
    expect(canonicalKernelEceEstimate(of(first), labels, h).value).toBeCloseTo(literalOf(first), 12);
    const all = [5, 6, 7, 8, 9];
    const estimate = canonicalKernelEceEstimate(of(all), labels.slice(5), h);
    expect(estimate.value).toBeCloseTo(literalOf(all), 12);
    const without = all.map((k) => literalOf(all.filter((i) => i !== k)));
    const squares = without.reduce((sum, v) => sum + (v - mean(without)) ** 2, 0);
    const half = 1.959963984540054 * Math.sqrt((4 / 5) * squares);
    expect(estimate.interval?.[1]).toBeCloseTo(Math.min(2, estimate.value + half), 9);
    const large = { n: 20_000, classes: 10, data: [] };
    expect(canonicalKernelEce(large, labels, h)(new Uint8Array(0))).toBeNaN();
  });

  it('the marginal debiased square, of resamples', () => {
    fc.assert(
      fc.property(drawnPredictions, fc.integer({ min: 1, max: 4 }), ({ p, y, times }, bins) => {
        const two = { n: p.length, classes: 2, data: Array.from(p).flatMap((v) => [1 - v, v]) };
        const drawn = [...p.keys()].flatMap((i) => new Array<number>(times[i]!).fill(i));
        const each = [0, 1].map((k) => {
          const { column, isClass } = ofClass(k, two, y);
          const { edges, bin } = equalMass(column, bins);
          const picked = { edges, bin: Int32Array.from(drawn, (i) => bin[i]!) };
          return debiasedSquare(
            binSums(
              picked,
              drawn.map((i) => column[i]!),
              drawn.map((i) => isClass[i]!),
            ),
          );
        });
        const found = marginalDebiasedSquare(two, y, bins)(times);
        if (Number.isNaN(mean(each))) expect(found).toBeNaN();
        else expect(found).toBeCloseTo(mean(each), 12);
      }),
    );
  });

  it('smoothing, with its grid and its ends', () => {
    fc.assert(
      fc.property(
        drawnPredictions,
        fc.constantFrom(0.5, 0.1, 0.006836, 0.00683),
        ({ drawn: { p, y } }, s) => {
          expect(smoothEceAt(Float64Array.from(p), y, s)).toBeCloseTo(literal.smoothAt(p, y, s), 10);
        },
      ),
      { numRuns: 4 },
    );
  });

  it('smooth ECE of a resample is that of the repeated examples', () => {
    fc.assert(
      fc.property(drawnPredictions, ({ p, y, times, drawn }) => {
        const found = smoothEce(p, y)(times);
        const direct = smoothEce(Float64Array.from(drawn.p), drawn.y)(once(drawn.p.length));
        expect(found.value).toBeCloseTo(direct.value, 12);
        expect(found.bandwidth).toBe(direct.bandwidth);
      }),
      { numRuns: 8 },
    );
  });

  it('sweep', () => {
    fc.assert(
      fc.property(drawnPredictions, ({ p, y, times, drawn }) => {
        const found = sweepEce(p, y)(times);
        const expected = literal.sweep(drawn.p, drawn.y);
        expect(found.bins).toBe(expected.bins);
        expect(found.value).toBeCloseTo(expected.value, 12);
      }),
    );
  });

  it('the parts of the Brier score sum to it', () => {
    fc.assert(
      fc.property(drawnPredictions, fc.integer({ min: 1, max: 8 }), ({ p, y, times, drawn }, bins) => {
        const score = mean(drawn.p.map((v, i) => (v - drawn.y[i]!) ** 2));
        const binning = equalWidth(drawn.p, bins);
        const sums = binSums(binning, drawn.p, drawn.y);
        const parts = brierReliability(sums) - brierResolution(sums) + brierUncertainty(sums);
        const within = withinBinTerm(equalWidth(p, bins), p, y)(times);
        expect(parts + within).toBeCloseTo(score, 12);
        const corp = corpParts(p, y)(times);
        expect(corp.score).toBeCloseTo(score, 12);
        expect(corp.miscalibration - corp.discrimination + corp.uncertainty).toBeCloseTo(score, 12);
        expect(corp.miscalibration).toBeGreaterThan(-1e-12);
        expect(corp.discrimination).toBeGreaterThan(-1e-12);
      }),
    );
  });

  it('no non-decreasing recalibration is better than the isotonic one', () => {
    fc.assert(
      fc.property(
        drawnPredictions,
        fc.array(fc.nat({ max: 10 }), { minLength: 25, maxLength: 25 }),
        (given, steps) => {
          const { p, y, times, drawn } = given;
          const { score, miscalibration } = corpParts(p, y)(times);
          const total = steps.reduce((a, b) => a + b, 0) || 1;
          const map = (v: number) =>
            steps.slice(0, Math.round(v * 24) + 1).reduce((a, b) => a + b, 0) / total;
          const other = mean(drawn.p.map((v, i) => (map(v) - drawn.y[i]!) ** 2));
          expect(other).toBeGreaterThan(score - miscalibration - 1e-12);
        },
      ),
    );
  });
});

describe('ACE and TACE', () => {
  const rows = fc.array(
    fc.tuple(fc.nat({ max: 6 }), fc.nat({ max: 6 }), fc.nat({ max: 6 }), fc.nat({ max: 2 })),
    {
      minLength: 1,
      maxLength: 25,
    },
  );
  it('are classwise errors over equal mass, of all or of those above the threshold', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 6 }), (some, bins) => {
        const data = some.flatMap(([a, b, c]) => [a, b, c].map((v) => (v + 0.1) / (a + b + c + 0.3)));
        const labels = some.map(([, , , label]) => label);
        const p = { n: some.length, classes: 3, data };
        expect(adaptiveEce(p, labels, bins)(once(p.n))).toBeCloseTo(ace(p, labels, bins), 12);
        const each = [0, 1, 2].flatMap((k) => {
          const kept = labels.flatMap((_, i) => (data[3 * i + k]! > 0.3 ? [i] : []));
          const [values, outcomes] = [
            kept.map((i) => data[3 * i + k]!),
            kept.map((i) => Number(labels[i] === k)),
          ];
          return kept.length > 0 ? [ece(binSums(equalMass(values, bins), values, outcomes))] : [];
        });
        expect(adaptiveEce(p, labels, bins, 0.3)(once(p.n))).toBeCloseTo(mean(each), 12);
      }),
    );
  });
  it('one bin is the classwise gap of means', () => {
    const p = { n: 2, classes: 2, data: [0.5, 0.5, 0.9, 0.1] };
    expect(adaptiveEce(p, [0, 1], 1)(once(2))).toBeCloseTo(classwiseEce(p, [0, 1], 1), 14);
  });
});

describe('few examples, one outcome, confidences of 0 and 1', () => {
  it.each([
    ['one example', [0.7], [1], 0.3],
    ['certain and right', [1, 1, 1], [1, 1, 1], 0],
    ['certain and wrong', [1, 1], [0, 0], 1],
    ['sure of the opposite', [0, 0, 1], [1, 1, 0], 1],
    ['constant', [0.5, 0.5, 0.5, 0.5], [1, 1, 0, 0], 0],
  ])('%s', (_, given, outcomes, gap) => {
    const [p, y] = [Float64Array.from(given), Uint8Array.from(outcomes)];
    const all = once(p.length);
    expect(sweepEce(p, y)(all).value).toBeLessThanOrEqual(gap + 1e-12);
    const smooth = smoothEce(p, y)(all).value;
    expect(smooth).toBeGreaterThanOrEqual(0);
    expect(smooth).toBeLessThanOrEqual(gap + 1e-9);
    expect(
      Math.abs(corpParts(p, y)(all).score - mean(given.map((v, i) => (v - outcomes[i]!) ** 2))),
    ).toBeLessThan(1e-12);
    const kernel = kernelEce(p, y, 0.02)(all);
    if (p.length === 1) expect(kernel).toBeNaN();
    else expect(kernel).toBeLessThanOrEqual(1);
  });

  it('no example: NaN', () => {
    const [p, y] = [new Float64Array(0), new Uint8Array(0)];
    expect(smoothEce(p, y)(once(0)).value).toBeNaN();
    expect(sweepEce(p, y)(once(0)).value).toBeNaN();
    expect(kernelEceEstimate(p, y, 0.02).value).toBeNaN();
    expect(canonicalKernelEceEstimate({ n: 0, classes: 2, data: p }, y, 0.02).value).toBeNaN();
    expect(marginalDebiasedSquare({ n: 0, classes: 2, data: p }, y, 5)(once(0))).toBeNaN();
    expect(debiasedSquare(binSums(equalMass(p, 5), p, y))).toBeNaN();
    expect(debiasedL1(binSums(equalMass(p, 5), p, y))).toBeNaN();
    expect(corpParts(p, y)(once(0)).score).toBeNaN();
  });
});
