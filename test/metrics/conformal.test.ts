import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  classwiseCoverageGap,
  sizeStratifiedViolation,
} from '../../src/metrics/conformal/conditional-coverage.js';
import { chanceOfCovering, coverageGiven } from '../../src/metrics/conformal/guarantee.js';
import { labelScores, predictionSets } from '../../src/metrics/conformal/prediction-sets.js';
import { conformalScores } from '../../src/metrics/conformal/registry.js';
import { conformalThreshold, fewestFor } from '../../src/metrics/conformal/threshold.js';
import { leastMean, worstSlabs } from '../../src/metrics/conformal/worst-slab.js';
import {
  betaBinomialCdf,
  betaCdf,
  betaQuantile,
  clopperPearson,
} from '../../src/metrics/distributions/beta-distribution.js';
import { softmax } from '../../src/metrics/softmax.js';
import { stream } from '../../src/random/stream.js';
import { readReference } from '../models/npz.js';

const SETTINGS: Record<string, Record<string, number>> = {
  raps: { lambda: 0.1, kreg: 1 },
  saps: { weight: 0.2 },
  'saps-torchcp': { weight: 0.2 },
};
const scoring = (name: string, u?: Float64Array, settings = SETTINGS[name] ?? {}) => ({
  score: conformalScores.named(name),
  settings,
  ...(u && { u }),
});
const once = (n: number) => new Uint8Array(n).fill(1);

describe('by hand', () => {
  const p = { n: 1, classes: 4, data: [0.1, 0.5, 0.3, 0.1] };
  it.each([
    ['lac', 0, [0.9, 0.5, 0.7, 0.9]],
    ['margin', 0, [0.4, -0.2, 0.2, 0.4]],
    // Classes 0 and 3 are equally likely: the first of them is ranked before the other.
    ['aps', 0, [0.9, 0.5, 0.8, 1]],
    ['aps', 0.5, [0.85, 0.25, 0.65, 0.95]],
    ['raps', 0, [1.1, 0.5, 0.9, 1.3]],
    ['saps', 0, [0.9, 0.5, 0.7, 1.1]],
    ['saps', 0.5, [0.8, 0.25, 0.6, 1]],
    ['saps-torchcp', 0, [0.9, 0, 0.7, 1.1]],
  ])('%s with u = %d', (name, u, expected) => {
    const four = { n: 4, classes: 4, data: [...p.data, ...p.data, ...p.data, ...p.data] };
    const scores = labelScores(four, [0, 1, 2, 3], scoring(name, new Float64Array(4).fill(u)));
    for (const [k, score] of scores.entries()) expect(score).toBeCloseTo(expected[k]!, 12);
  });
  it('the threshold of nine scores at 0.1 is the largest, of eight it is infinite', () => {
    const scores = Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9);
    expect(conformalThreshold(scores, 0.1)).toEqual({ value: 9, rank: 9, n: 9 });
    expect(conformalThreshold(scores.subarray(0, 8), 0.1)).toMatchObject({ value: Number.POSITIVE_INFINITY });
    expect(conformalThreshold(new Float64Array(0), 0.5).value).toBe(Number.POSITIVE_INFINITY);
    expect([0.1, 0.05, 0.01, 0.5].map(fewestFor)).toEqual([9, 19, 99, 1]);
  });
  it('how evenly sets cover', () => {
    const [size, covered, labels] = [
      [1, 1, 2, 3, 12],
      [1, 0, 1, 1, 1],
      [0, 0, 1, 1, 4],
    ];
    expect(sizeStratifiedViolation(size, covered, 0.1)(once(5))).toBeCloseTo(0.4, 12);
    expect(classwiseCoverageGap(labels, covered, 0.1)(once(5))).toBeCloseTo((0.4 + 0.1 + 0.1) / 3, 12);
    expect(sizeStratifiedViolation([], [], 0.1)(once(0))).toBeNaN();
    expect(classwiseCoverageGap([], [], 0.1)(once(0))).toBeNaN();
  });
});

describe('distributions', () => {
  // scipy 1.17: beta.cdf, beta.ppf, betabinom.cdf, binomtest(...).proportion_ci('exact').
  it('beta', () => {
    expect(betaCdf(0.3, 2, 5)).toBeCloseTo(0.579825, 12);
    expect(betaCdf(0.9, 226, 25)).toBeCloseTo(0.4691735550494954, 11);
    expect(betaQuantile(0.025, 226, 25)).toBeCloseTo(0.8605305230465057, 11);
    expect(betaCdf(0.5, 0.5, 0.5)).toBeCloseTo(0.5, 14);
  });
  it('the exact interval of 9 of 10', () => {
    const { interval } = clopperPearson(9, 10);
    expect(interval?.[0]).toBeCloseTo(0.5549838829718047, 11);
    expect(interval?.[1]).toBeCloseTo(0.9974714214555375, 11);
    expect(clopperPearson(0, 10).interval?.[0]).toBe(0);
    expect(clopperPearson(10, 10).interval?.[1]).toBe(1);
    expect(clopperPearson(0, 0)).toMatchObject({ interval: null, value: Number.NaN });
  });
  it('beta-binomial with one calibration example: the count is uniform', () => {
    for (let k = 0; k <= 10; k++) expect(betaBinomialCdf(k, 10, 1, 1)).toBeCloseTo((k + 1) / 11, 12);
    expect(chanceOfCovering(10, 10, 250, 0.1)).toBe(1);
    expect(chanceOfCovering(700, 1000, 250, 0.1) / 1.1689581605860283e-12).toBeCloseTo(1, 9);
    expect(chanceOfCovering(225, 250, 250, 0.1)).toBeCloseTo(0.5, 10);
    expect(chanceOfCovering(5, 10, 3, 0.1)).toBe(0);
  });
  it('coverage given calibration', () => {
    expect(coverageGiven(250, 0.1).mean).toBeCloseTo(226 / 251, 12);
    expect(coverageGiven(3, 0.1)).toEqual({ mean: 1, range: [1, 1] });
  });
});

/** Probabilities from a coarse grid, so that ties are common. */
const example = fc.integer({ min: 1, max: 6 }).chain((classes) =>
  fc.record({
    p: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: classes, maxLength: classes }),
    label: fc.integer({ min: 0, max: classes - 1 }),
    u: fc.double({ min: 0, max: 0.999, noNaN: true }),
    threshold: fc.double({ min: -0.5, max: 2, noNaN: true }),
  }),
);

/** Scores of all classes by their definitions, class by class. */
const LITERAL: Record<string, (p: number[], y: number, u: number) => number> = {
  lac: (p, y) => 1 - p[y]!,
  margin: (p, y) => Math.max(0, ...p.filter((_, k) => k !== y)) - p[y]!,
  aps: (p, y, u) => massTo(p, y) - u * p[y]!,
  raps: (p, y, u) => massTo(p, y) - u * p[y]! + 0.1 * Math.max(0, rank(p, y) - 1),
  saps: (p, y, u) => {
    const top = Math.max(...p);
    return rank(p, y) === 1 ? (1 - u) * top : top + 0.2 * (rank(p, y) - 1 - u);
  },
};
const ahead = (p: number[], y: number) => p.map((_, k) => p[k]! > p[y]! || (p[k] === p[y] && k < y));
const rank = (p: number[], y: number) => 1 + ahead(p, y).filter(Boolean).length;
const massTo = (p: number[], y: number) => p.reduce((sum, q, k) => sum + (ahead(p, y)[k] ? q : 0), 0) + p[y]!;

describe('against definitions written out', () => {
  it.each(Object.entries(LITERAL))('%s: scores, sizes and coverage', (name, literal) => {
    fc.assert(
      fc.property(example, ({ p: weights, label, u, threshold }) => {
        const total = weights.reduce((a, b) => a + b, 0);
        const data = weights.map((w) => w / total);
        const p = { n: 1, classes: data.length, data };
        const with_ = scoring(name, Float64Array.of(u));
        const scores = data.map((_, k) => literal(data, k, u));
        expect(labelScores(p, [label], with_)[0]).toBeCloseTo(scores[label]!, 12);
        // Away from what rounding decides.
        fc.pre(scores.every((score) => Math.abs(score - threshold) > 1e-9));
        const sets = predictionSets(p, [label], with_, [threshold])[0]!;
        expect(sets.size[0]).toBe(scores.filter((score) => score <= threshold).length);
        expect(sets.covered?.[0]).toBe(scores[label]! <= threshold ? 1 : 0);
      }),
    );
  });
  it('a label is covered where its score is at most the threshold, and its class is counted', () => {
    for (const { name } of conformalScores) {
      if (name === 'saps-torchcp') continue;
      const p = { n: 1, classes: 3, data: [0.2, 0.5, 0.3] };
      const own = labelScores(p, [2], scoring(name))[0]!;
      const [at, below] = predictionSets(p, [2], scoring(name), [own, own - 1e-9]);
      expect([at!.covered?.[0], below!.covered?.[0]]).toEqual([1, 0]);
      expect(at!.size[0]).toBe(below!.size[0]! + 1);
    }
  });
  it('the run with the least mean', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 1, maxLength: 25 }),
        fc.integer({ min: 1, max: 25 }),
        (values, most) => {
          const length = Math.min(most, values.length);
          let least = Number.POSITIVE_INFINITY;
          for (let from = 0; from < values.length; from++)
            for (let to = from + length; to <= values.length; to++)
              least = Math.min(least, values.slice(from, to).reduce((a, b) => a + b, 0) / (to - from));
          expect(leastMean(values, length).mean).toBeCloseTo(least, 12);
        },
      ),
    );
  });
});

/** Logits and labels of some exchangeable examples. */
function drawn(n: number, seed: number) {
  const [classes, data, labels] = [4, [] as number[], [] as number[]];
  for (let i = 0; i < n; i++) {
    const draws = stream({ seed, purpose: 'test/conformal', example: i });
    const logits = Array.from({ length: classes }, () => 1.5 * draws.normal());
    let rest = draws.uniform();
    // Not what the logits say: the guarantee does not ask for a good model.
    const p = softmax({ n: 1, classes, data: logits.map((l) => 0.4 * l) });
    const label = p.findIndex((share) => (rest -= share) < 0);
    data.push(...logits);
    labels.push(label < 0 ? classes - 1 : label);
  }
  return { n, classes, data, labels };
}

describe('coverage of exchangeable examples', () => {
  it.each(['lac', 'aps', 'raps', 'saps', 'margin'])(
    '%s: at least 1 - alpha, on average over calibration sets',
    (name) => {
      const [repeats, calibration, tested, alpha] = [150, 39, 60, 0.2];
      for (const randomised of [false, true]) {
        let hits = 0;
        for (let seed = 0; seed < repeats; seed++) {
          const all = drawn(calibration + tested, seed);
          const u = randomised
            ? Float64Array.from({ length: all.n }, (_, i) =>
                stream({ seed, purpose: 'test/u', example: i }).uniform(),
              )
            : new Float64Array(all.n);
          const p = { ...all, data: softmax(all) };
          const scores = labelScores(p, all.labels, scoring(name, u));
          const { value } = conformalThreshold(scores.slice(0, calibration).sort(), alpha);
          hits += scores.subarray(calibration).filter((score) => score <= value).length;
        }
        const coverage = hits / (repeats * tested);
        // The mean over calibration sets has a standard error of 0.0066.
        expect(coverage).toBeGreaterThan(1 - alpha - 0.02);
        // Without ties it is exact: 32 of 40.
        expect(coverage).toBeLessThan(1 - alpha + 0.02);
      }
    },
  );
  it("of TorchCP's SAPS, not randomised, it is lower", () => {
    let hits = 0;
    for (let seed = 0; seed < 60; seed++) {
      const all = drawn(139, seed);
      const p = { ...all, data: softmax(all) };
      const with_ = scoring('saps-torchcp');
      const { value } = conformalThreshold(labelScores(p, all.labels, with_).slice(0, 39).sort(), 0.6);
      const { covered } = predictionSets(p, all.labels, with_, [value])[0]!;
      hits += covered?.slice(39).reduce((a, b) => a + b, 0) ?? 0;
    }
    expect(hits / 6000).toBeLessThan(0.3);
  });
});

describe('the worst slab', () => {
  const n = 3000;
  const all = drawn(n, 7);
  const logits = { n, classes: 4, data: all.data };
  const indices = Array.from({ length: n }, (_, i) => i);
  /** What lies beyond 1 along one logit is missed half the time. */
  const uneven = Uint8Array.from({ length: n }, (_, i) => (all.data[4 * i]! > 1 && i % 2 === 0 ? 0 : 1));
  const shareIn = (slab: Uint8Array, covered: Uint8Array) => {
    const hits = slab.reduce((sum, inside, i) => sum + inside * covered[i]!, 0);
    return hits / slab.reduce((a, b) => a + b, 0);
  };
  it('finds what is covered worst, on examples it was not sought among', () => {
    const slabs = worstSlabs(logits, indices, [uneven, new Uint8Array(n).fill(1)], { seed: 0 });
    const [slab, even] = slabs as [Uint8Array, Uint8Array];
    expect(shareIn(slab, uneven)).toBeLessThan(0.65);
    expect(shareIn(even, new Uint8Array(n).fill(1))).toBe(1);
    // A tenth of them, as it was sought.
    expect(slab.reduce((a, b) => a + b, 0) / n).toBeGreaterThan(0.05);
  });
  it('is sought among examples of all of a large set, not among its first ones', () => {
    const many = drawn(20_000, 8);
    const at = Array.from({ length: many.n }, (_, i) => i);
    // Only the second half of the file is uneven.
    const covered = Uint8Array.from(at, (i) => (i >= 10_000 && many.data[4 * i]! > 1 ? 0 : 1));
    const slab = worstSlabs({ n: many.n, classes: 4, data: many.data }, at, [covered], {
      seed: 0,
      directions: 30,
    })[0]!;
    expect(shareIn(slab, covered)).toBeLessThan(0.75);
    // What it is not sought among is all but some 2,000.
    const all = worstSlabs({ n: many.n, classes: 4, data: many.data }, at, [covered], {
      seed: 0,
      directions: 1,
      mass: 1,
    })[0]!;
    expect(all.reduce((a, b) => a + b, 0)).toBeGreaterThan(17_500);
  });
  it('is a matter of the seed, and empty where there is nothing', () => {
    const [a] = worstSlabs(logits, indices, [uneven], { seed: 1, directions: 20 });
    const [b] = worstSlabs(logits, indices, [uneven], { seed: 1, directions: 20 });
    expect(a).toEqual(b);
    const empty = { n: 0, classes: 4, data: [] };
    expect(worstSlabs(empty, [], [new Uint8Array(0)], { seed: 0 })).toEqual([new Uint8Array(0)]);
  });
});

const reference = resolve('../shared/reference/ood');
if (!existsSync(reference))
  console.warn(`\n!!! ${reference} is absent: prediction sets are NOT compared with TorchCP !!!\n`);

describe.skipIf(!existsSync(reference))('prediction sets of a trained network', () => {
  const CASES = [
    ['lac', 'lac', {}],
    ['aps', 'aps', {}],
    ['raps_penalty0.1_kreg1', 'raps', { lambda: 0.1, kreg: 1 }],
    ['raps_penalty0.01_kreg5', 'raps', { lambda: 0.01, kreg: 5 }],
    ['saps_weight0.2', 'saps-torchcp', { weight: 0.2 }],
    ['saps_weight0.2', 'saps', { weight: 0.2 }],
  ] as const;
  it.each(CASES)('%s is what TorchCP gives, by %s', (key, name, settings) => {
    const { logits_test, labels_test } = readReference(join(reference, 'features.npz'));
    const values = JSON.parse(readFileSync(join(reference, 'values.json'), 'utf8')).calibration_and_conformal;
    for (const [scaling, temperature] of [
      ['unscaled', 1],
      ['temperature_scaled', 0.9407463848],
    ] as const) {
      const found = values[scaling]['conformal_alpha0.1_first250_calibration'][key];
      const expected = name === 'saps' ? found.consistent_threshold_from_all_label_scores : found;
      const [n, classes] = logits_test!.shape as [number, number];
      const p = { n, classes, data: softmax({ n, classes, data: logits_test!.data }, temperature) };
      const labels = Array.from(labels_test!.data, Number);
      const with_ = scoring(name, undefined, settings);
      const { value } = conformalThreshold(labelScores(p, labels, with_).slice(0, 250).sort(), 0.1);
      const { size, covered = [] } = predictionSets(p, labels, with_, [value])[0]!;
      const mean = (numbers: ArrayLike<number>) =>
        Array.from(numbers)
          .slice(250)
          .reduce((a, b) => a + b, 0) / 250;
      expect(value).toBeCloseTo(expected.threshold, 8);
      expect(mean(covered)).toBeCloseTo(expected.coverage, 12);
      expect(mean(size)).toBeCloseTo(expected.mean_size, 12);
      if (name !== 'saps') expect(size.slice(250).filter((s) => s === 0).length).toBe(expected.empty_sets);
    }
  });

  // TorchCP 1.2.1: SSCV, CovGap / 100, singleton_hit_ratio; float32.
  it.each([
    ['lac', {}, 0.9060246692518685, 0.05, 0.0626224422, 0.212],
    ['aps', {}, 0.9820033507256148, 0.2023255825, 0.0383316493, 0.12],
    ['raps', { lambda: 0.1, kreg: 1 }, 1.1559324848566805, 0.1758620739, 0.0731705427, 0],
    ['saps-torchcp', { weight: 0.2 }, 0.9602135582922376, 0.2333332896, 0.1167500973, 0.24],
    ['margin', {}, 0.42256015850914136, 0.1, 0.039325583, 0.4],
  ])('sets of %s are covered as unevenly as TorchCP says', (name, settings, threshold, sscv, gap, single) => {
    const { logits_test, labels_test } = readReference(join(reference, 'features.npz'));
    const [n, classes] = logits_test!.shape as [number, number];
    const p = { n, classes, data: softmax({ n, classes, data: logits_test!.data }) };
    const labels = Array.from(labels_test!.data, Number);
    const with_ = scoring(name, undefined, { ...settings });
    const { value } = conformalThreshold(labelScores(p, labels, with_).slice(0, 250).sort(), 0.1);
    expect(value).toBeCloseTo(threshold, 7);
    const sets = predictionSets(p, labels, with_, [value])[0]!;
    const [size, covered] = [sets.size.slice(250), sets.covered?.slice(250) ?? []];
    expect(sizeStratifiedViolation(size, covered, 0.1)(once(250))).toBeCloseTo(sscv, 6);
    expect(classwiseCoverageGap(labels.slice(250), covered, 0.1)(once(250))).toBeCloseTo(gap, 6);
    expect(size.filter((s, i) => s === 1 && covered[i] === 1).length / 250).toBe(single);
  });
});
