import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binSums, equalMass, equalWidth } from '../../../src/metrics/calibration/binning.js';
import {
  ace,
  classwiseEce,
  classwiseEceStatistic,
  ece,
  ifCalibrated,
  mce,
  reliabilityBins,
  rmsCalibrationError,
  signedGap,
} from '../../../src/metrics/calibration/calibration.js';
import { drawnBinSums } from '../../../src/metrics/calibration/drawn-bins.js';
import { classify } from '../../../src/metrics/classification.js';
import { wilson } from '../../../src/metrics/estimates/intervals.js';
import { readReference } from '../../models/npz.js';

const widthSums = (p: number[], y: number[], bins: number) => binSums(equalWidth(p, bins), p, y);
const massSums = (p: number[], y: number[], bins: number) => binSums(equalMass(p, bins), p, y);

/** Top-label confidence and correctness of probability rows. */
function topLabel(rows: number[][], labels: number[]) {
  const confidence = rows.map((row) => Math.max(...row));
  return { confidence, correct: rows.map((row, i) => Number(row.indexOf(confidence[i]!) === labels[i])) };
}

const repeat = <T>(times: number, value: T): T[] => new Array<T>(times).fill(value);
const threeClasses = [
  ...repeat(6, [0.6, 0.3, 0.1]),
  ...repeat(4, [0.1, 0.8, 0.1]),
  ...repeat(4, [0.1, 0, 0.9]),
];
const threeLabels = [...repeat(5, 0), ...repeat(4, 1), ...repeat(5, 2)];

describe('known answers', () => {
  it.each([
    ['confidence 1 is counted', [0.95, 1], [1, 0], 10, 0.475],
    ['right-closed bins', [0.25, 0.5, 0.5, 0.75, 1], [0, 1, 1, 1, 0], 4, 0.5],
    ['positive class', [0.25, 0.25, 0.55, 0.75, 0.75], [0, 0, 1, 1, 1], 2, 0.29],
    ['positive class, equal width', [0.6, 0.7, 0.8, 0.9], [0, 0, 1, 1], 2, 0.25],
  ])('ECE: %s', (_, p, y, bins, expected) => {
    expect(ece(widthSums(p, y, bins))).toBeCloseTo(expected, 14);
  });

  it('positive class, two bins: L1, L2 and max', () => {
    const sums = widthSums([0.25, 0.25, 0.55, 0.75, 0.75], [0, 0, 1, 1, 1], 2);
    expect(rmsCalibrationError(sums)).toBeCloseTo(0.2918, 4);
    expect(mce(sums)).toBeCloseTo(0.3167, 4);
  });

  it('top label, three bins: L1, L2 and max', () => {
    const rows = [
      [0.25, 0.2, 0.55],
      [0.55, 0.05, 0.4],
      [0.1, 0.3, 0.6],
      [0.9, 0.05, 0.05],
    ];
    const { confidence, correct } = topLabel(rows, [0, 1, 2, 0]);
    const sums = widthSums(confidence, correct, 3);
    expect(ece(sums)).toBeCloseTo(0.2, 14);
    expect(rmsCalibrationError(sums)).toBeCloseTo(0.2082, 4);
    expect(mce(sums)).toBeCloseTo(0.2333, 4);
  });

  it('equal mass', () => {
    expect(ece(massSums([0.6, 0.7, 0.8, 0.9], [0, 0, 1, 1], 2))).toBeCloseTo(0.4, 14);
  });

  it('three classes: marginal and top label', () => {
    const p = { n: 14, classes: 3, data: threeClasses.flat() };
    const marginal = classwiseEce(p, threeLabels, 15);
    expect(marginal).toBeCloseTo(0.0857143, 7);
    const once = new Uint8Array(14).fill(1);
    expect(classwiseEceStatistic(p, threeLabels, 15)(once)).toBeCloseTo(marginal, 14);
    const { confidence, correct } = topLabel(threeClasses, threeLabels);
    expect(ece(widthSums(confidence, correct, 15))).toBeCloseTo(
      (6 / 14) * (5 / 6 - 0.6) + (4 / 14) * 0.05 + (4 / 14) * 0.1,
      14,
    );
  });
});

/** Confidences from a coarse grid, so that values on edges and ties are common, with outcomes. */
const predictions = fc
  .array(
    fc.tuple(
      fc.integer({ min: 0, max: 60 }).map((k) => k / 60),
      fc.integer({ min: 0, max: 1 }),
    ),
    {
      minLength: 1,
      maxLength: 60,
    },
  )
  .map((pairs) => ({ p: pairs.map(([p]) => p), y: pairs.map(([, y]) => y) }));
const binCounts = fc.integer({ min: 1, max: 20 });

describe('equal width against the definition written out', () => {
  it('ECE, MCE, RMS and signed gap', () => {
    fc.assert(
      fc.property(predictions, binCounts, ({ p, y }, bins) => {
        let [l1, l2, max] = [0, 0, 0];
        let counted = 0;
        for (let b = 0; b < bins; b++) {
          const inside = p.flatMap((v, i) =>
            (v > b / bins && v <= (b + 1) / bins) || (b === 0 && v === 0) ? [i] : [],
          );
          if (inside.length === 0) continue;
          counted += inside.length;
          const mean = (values: number[]) => inside.reduce((sum, i) => sum + values[i]!, 0) / inside.length;
          const gap = Math.abs(mean(p) - mean(y));
          l1 += (inside.length / p.length) * gap;
          l2 += (inside.length / p.length) * gap * gap;
          max = Math.max(max, gap);
        }
        const sums = widthSums(p, y, bins);
        expect(counted).toBe(p.length);
        expect(ece(sums)).toBeCloseTo(l1, 12);
        expect(rmsCalibrationError(sums)).toBeCloseTo(Math.sqrt(l2), 12);
        expect(mce(sums)).toBeCloseTo(max, 12);
        expect(signedGap(sums)).toBeCloseTo(p.reduce((sum, v, i) => sum + v - y[i]!, 0) / p.length, 12);
      }),
    );
  });

  it('|signed gap| <= ECE <= RMS <= MCE', () => {
    fc.assert(
      fc.property(predictions, binCounts, fc.boolean(), ({ p, y }, bins, byMass) => {
        const sums = byMass ? massSums(p, y, bins) : widthSums(p, y, bins);
        const ladder = [Math.abs(signedGap(sums)), ece(sums), rmsCalibrationError(sums), mce(sums)];
        for (let i = 1; i < 4; i++) expect(ladder[i - 1]).toBeLessThanOrEqual(ladder[i]! + 1e-12);
      }),
    );
  });
});

describe('equal mass', () => {
  it('does not depend on the order of examples, keeps ties together and leaves no bin empty', () => {
    fc.assert(
      fc.property(predictions, binCounts, fc.integer(), ({ p, y }, bins, seed) => {
        const order = p.map((_, i) => i).sort((a, b) => Math.sin(seed + a * a) - Math.sin(seed + b * b));
        const shuffled = massSums(
          order.map((i) => p[i]!),
          order.map((i) => y[i]!),
          bins,
        );
        const { bin } = equalMass(p, bins);
        const sums = massSums(p, y, bins);
        expect([...shuffled.count]).toEqual([...sums.count]);
        expect(ece(shuffled)).toBeCloseTo(ece(sums), 12);
        expect(Math.min(...sums.count)).toBeGreaterThan(0);
        for (let i = 0; i < p.length; i++) {
          for (let j = 0; j < i; j++) {
            if (p[i] === p[j]) expect(bin[i]).toBe(bin[j]);
            if (p[i]! < p[j]!) expect(bin[i]).toBeLessThanOrEqual(bin[j]!);
          }
        }
      }),
    );
  });

  it('makes bins of equal size where there are no ties', () => {
    const p = Array.from({ length: 90 }, (_, i) => (i + 1) / 100);
    expect([...binSums(equalMass(p, 9), p, p).count]).toEqual(repeat(9, 10));
  });

  // Values by numpy.array_split, midpoints between chunks as edges and bisect_left.
  it.each([
    { n: 103, distinct: 16, bins: 15, expected: 0.24401699029126206, filled: 8 },
    { n: 500, distinct: 64, bins: 15, expected: 0.25960625, filled: 15 },
    { n: 13, distinct: 1000, bins: 5, expected: 0.5024415384615385, filled: 5 },
    { n: 200, distinct: 8, bins: 10, expected: 0.2537500000000002, filled: 4 },
  ])('cuts $n confidences, $distinct of them distinct, into $bins chunks', (row) => {
    const { n, distinct, bins, expected, filled } = row;
    const p = Array.from({ length: n }, (_, i) => ((1 + ((7 * i * i + 3 * i) % distinct)) / distinct) * 0.98);
    const sums = massSums(
      p,
      p.map((_, i) => Number((37 * i) % 101 < 62)),
      bins,
    );
    expect(ece(sums)).toBeCloseTo(expected, 12);
    expect(sums.count.filter((count) => count > 0)).toHaveLength(filled);
  });

  it('keeps neighbouring floats apart, whichever of them their midpoint is', () => {
    for (const low of [0.5, 0.5 + Number.EPSILON / 2, 0.5 + Number.EPSILON]) {
      const high = low + Number.EPSILON / 2;
      expect([...equalMass([low, low, high, high], 2).bin]).toEqual([0, 0, 1, 1]);
    }
  });

  it('gives zeros a bin of their own', () => {
    const p = [0, 0, 0, 0.4, 0.5, 0.6];
    expect([...equalMass(p, 2).bin]).toEqual([0, 0, 0, 1, 1, 1]);
  });

  it('ACE of two classes is the positive-class value of each, averaged', () => {
    const p = [0.6, 0.7, 0.8, 0.9];
    const rows = p.flatMap((v) => [1 - v, v]);
    const other = ece(
      massSums(
        p.map((v) => 1 - v),
        [1, 1, 0, 0],
        2,
      ),
    );
    expect(ace({ n: 4, classes: 2, data: rows }, [0, 0, 1, 1], 2)).toBeCloseTo((0.4 + other) / 2, 14);
  });
});

describe('bins of a resample', () => {
  it('hold the resampled examples', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 13 }), { minLength: 1, maxLength: 30 }), (drawn) => {
        const { confidence, correct } = topLabel(threeClasses, threeLabels);
        const [times, binning] = [new Uint8Array(14), equalWidth(confidence, 5)];
        for (const i of drawn) times[i]!++;
        const counted = drawnBinSums(binning, Float64Array.from(confidence), Uint8Array.from(correct))(times);
        const of = (values: ArrayLike<number>) => drawn.map((i) => values[i]!);
        const direct = binSums(
          { ...binning, bin: Int32Array.from(of(binning.bin)) },
          of(confidence),
          of(correct),
        );
        expect(counted.n).toBe(drawn.length);
        expect(counted.count).toEqual(direct.count);
        expect(counted.observed).toEqual(direct.observed);
        for (let b = 0; b < 5; b++) expect(counted.predicted[b]).toBeCloseTo(direct.predicted[b]!, 12);
      }),
    );
  });
});

describe('classwise ECE of a resample', () => {
  it('is the classwise ECE of the resampled rows', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 13 }), { minLength: 1, maxLength: 30 }), (drawn) => {
        const statistic = classwiseEceStatistic(
          { n: 14, classes: 3, data: threeClasses.flat() },
          threeLabels,
          10,
        );
        const rows = { n: drawn.length, classes: 3, data: drawn.flatMap((i) => threeClasses[i]!) };
        const expected = classwiseEce(
          rows,
          drawn.map((i) => threeLabels[i]!),
          10,
        );
        const times = new Uint8Array(14);
        for (const i of drawn) times[i]!++;
        expect(statistic(times)).toBeCloseTo(expected, 12);
      }),
    );
  });
});

describe('reliability bins', () => {
  it('carry Wilson intervals, and nulls where empty', () => {
    const p = [0.9, 0.8, 0.95];
    const bins = reliabilityBins(equalWidth(p, 2), widthSums(p, [1, 0, 1], 2));
    expect(bins[0]).toEqual({ lo: 0, hi: 0.5, n: 0, confidence: null, accuracy: null, interval: null });
    expect(bins[1]).toMatchObject({ n: 3, accuracy: 2 / 3, interval: wilson(2, 3).interval });
    expect(bins[1]!.confidence).toBeCloseTo(2.65 / 3, 14);
  });
});

describe('what a calibrated model would score', () => {
  const p = Array.from({ length: 500 }, (_, i) => 0.5 + i / 1000);
  it('is above zero and shrinks with n', () => {
    const mean = (v: Float64Array) => v.reduce((a, b) => a + b, 0) / v.length;
    const binning = equalWidth(p, 15);
    const floor = mean(ifCalibrated(binning, p, ece, { seed: 0 }));
    const many = p.flatMap((v) => repeat(16, v));
    const manyFloor = mean(ifCalibrated(equalWidth(many, 15), many, ece, { seed: 0 }));
    expect(floor).toBeGreaterThan(0.01);
    // Sampling noise falls with the square root of n: a quarter for sixteen times the examples.
    expect(manyFloor / floor).toBeGreaterThan(0.2);
    expect(manyFloor / floor).toBeLessThan(0.3);
  });
  it('is zero when every prediction is certain', () => {
    const certain = [1, 1, 0];
    expect(Math.max(...ifCalibrated(equalWidth(certain, 5), certain, ece, { seed: 0 }))).toBe(0);
  });
});

describe('bad input', () => {
  it.each([
    ['logits', [0.5, 3.2], 10],
    ['negative', [-0.1], 10],
    ['NaN', [Number.NaN], 10],
    ['no bins', [0.5], 0],
    ['fractional bins', [0.5], 2.5],
  ])('%s', (_, values, bins) => {
    expect(() => equalWidth(values, bins)).toThrow(/probabilities|positive integer/);
    expect(() => equalMass(values, bins)).toThrow(/probabilities|positive integer/);
  });
  it('no examples: NaN', () => {
    const sums = massSums([], [], 5);
    for (const statistic of [ece, mce, rmsCalibrationError, signedGap]) expect(statistic(sums)).toBeNaN();
  });
});

const reference = resolve('../shared/reference/ood');
if (!existsSync(reference))
  console.warn(`\n!!! ${reference} is absent: equal-mass ECE is NOT compared with a public package !!!\n`);

describe.skipIf(!existsSync(reference))('predictions of a trained network', () => {
  it('have the equal-mass ECE that uncertainty-calibration gives', () => {
    const arrays = readReference(join(reference, 'features.npz'));
    const logits = arrays.logits_test!;
    const [n, classes] = logits.shape as [number, number];
    const { confidence, correct } = classify({ n, classes, data: logits.data }, arrays.labels_test!.data);
    const values = JSON.parse(readFileSync(join(reference, 'values.json'), 'utf8'));
    const { l1_plugin_15_equal_mass_top_label: l1, l2_plugin_15_equal_mass_top_label: l2 } =
      values.calibration_and_conformal.unscaled;
    const sums = binSums(equalMass(confidence, 15), confidence, correct);
    expect(ece(sums)).toBeCloseTo(l1, 9);
    expect(rmsCalibrationError(sums)).toBeCloseTo(l2, 9);
  });
});
