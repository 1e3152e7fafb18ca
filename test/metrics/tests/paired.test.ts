import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binomialTail, signTest } from '../../../src/metrics/distributions/binomial-tail.js';
import { normalTwoSided, studentTTwoSided } from '../../../src/metrics/distributions/distributions.js';
import { delongDifference, placements } from '../../../src/metrics/ranking/delong.js';
import { compareScores } from '../../../src/metrics/ranking/ranking.js';
import { drawnQuantile } from '../../../src/metrics/resampling/drawn-quantile.js';
import { logSumExp, softmax } from '../../../src/metrics/softmax.js';
import { cliques } from '../../../src/metrics/tests/cliques.js';
import { holm } from '../../../src/metrics/tests/holm.js';
import {
  mcnemar,
  pairedCounts,
  shareDifference,
  testedShares,
} from '../../../src/metrics/tests/paired-shares.js';
import { waldTest } from '../../../src/metrics/tests/wald.js';
import { readReference } from '../../models/npz.js';

/** Equal to so many digits of the number itself, however small. */
function near(value: number, wanted: number, digits = 9): void {
  expect(Math.abs(value / wanted - 1), `${value} for ${wanted}`).toBeLessThan(10 ** -digits);
}

// Constants without another source are those of scipy 1.17.1 and statsmodels 0.15.0, all digits.
describe('tails of distributions', () => {
  it.each([
    [0.5, 0.6170750774519738],
    [1.96, 0.04999579029644087],
    [3, 0.0026997960632601866],
    [3.5, 0.00046525815807105003],
    [8.5, 1.89590696444065e-17],
    [25.20856021, 3.2272055785747326e-140],
  ])('normal, z = %d (scipy.stats.norm.sf)', (z, p) => {
    near(normalTwoSided(z), p, 10);
    expect(normalTwoSided(-z)).toBe(normalTwoSided(z));
  });

  it.each([0.3, 5, 1e6])("Student's t = %d with one and two degrees of freedom has a closed form", (t) => {
    near(studentTTwoSided(t, 1), (2 / Math.PI) * Math.atan(1 / t), 9);
    const s = Math.sqrt(t * t + 2);
    near(studentTTwoSided(t, 2), 2 / (s * (s + t)), 9);
  });

  it.each([
    [2.1, 5, 0.08975324988459879],
    [3.3, 30, 0.002499307439798054],
    [2.5, 400, 0.012818866763431584],
    [2.5, 401, 0.012817864449598395],
    [4.2, 999, 2.9075381214324297e-5],
    [1.2, 9999, 0.23016777135991434],
    [6, 1000, 2.7553691733774752e-9],
  ])("Student's t = %d with %d degrees of freedom (scipy.stats.t.sf)", (t, df, p) => {
    near(studentTTwoSided(t, df), p, 9);
    expect(studentTTwoSided(-t, df)).toBe(studentTTwoSided(t, df));
  });

  it('fair coins: the sums of Pascal’s triangle, and any number of throws', () => {
    for (const n of [0, 1, 2, 7, 20]) {
      const row = [1];
      for (let k = 1; k <= n; k++) row.push((row[k - 1]! * (n - k + 1)) / k);
      for (let k = 0; k <= n; k++) {
        const sum = row.slice(0, k + 1).reduce((a, b) => a + b, 0) / 2 ** n;
        expect(binomialTail(k, n)).toBeCloseTo(sum, 12);
        expect(signTest(k, n)).toBeCloseTo(1 - (k === 0 ? 0 : binomialTail(k - 1, n)), 12);
      }
    }
    // More than 1,029 throws: binomial coefficients beyond what a double holds.
    near(2 * binomialTail(3000, 6150), 0.05742710853236413);
    near(signTest(240, 420), 0.003937856047126103 / 2);
  });
});

describe('McNemar', () => {
  it.each([
    [23, 30, 0.4101027163746913, 0.3408909412200974],
    // Fagerland, Lydersen & Laake (2013), airway hyper-responsiveness: 0.0703 and 0.0391.
    [1, 7, 0.0703125, 0.0390625],
    [12, 2, 0.012939453125, 0.007385253906249991],
    [0, 5, 0.0625, 0.03125],
    [180, 240, 0.003937856047126103, 0.0034046660327213206],
    [3000, 3150, 0.05742710853236413, 0.055793702555895934],
    [4, 4, 1, 1],
    [0, 0, 1, 1],
  ])('%d against %d (statsmodels.stats.contingency_tables.mcnemar)', (onlyA, onlyB, exact, midP) => {
    const found = mcnemar({ onlyA, onlyB });
    near(found.exact, exact);
    near(found.midP, midP);
    expect(mcnemar({ onlyA: onlyB, onlyB: onlyA })).toEqual(found);
  });

  it.each([
    // Newcombe (1998), table III: 36, 12, 2, 0 gives 0.0569 to 0.3404 by method 10.
    [36, 12, 2, 0, 0.05692958400323875, 0.3404276029749408],
    // Fagerland, Lydersen & Laake (2014), table: -0.507 to -0.026.
    [1, 1, 7, 12, -0.506920226686141, -0.025559124164859837],
    [308, 23, 30, 139, -0.04278213459825707, 0.014787853272112825],
    [43, 0, 1, 0, -0.11807709698213287, 0.05971800835089891],
    [2, 14, 0, 0, 0.5703423655652191, 0.9650225122567595],
    [54, 0, 0, 0, -0.06641358809089648, 0.06641358809089648],
  ])("Newcombe's interval of %d, %d, %d, %d", (both, onlyA, onlyB, neither, lo, hi) => {
    const { value, interval } = shareDifference({ both, onlyA, onlyB, neither });
    expect(value).toBeCloseTo((onlyA - onlyB) / (both + onlyA + onlyB + neither), 12);
    expect(interval?.[0]).toBeCloseTo(lo, 10);
    expect(interval?.[1]).toBeCloseTo(hi, 10);
  });

  it('counts pairs; none has no difference', () => {
    expect(pairedCounts([1, 1, 0, 0, 1], [1, 0, 1, 0, 0])).toEqual({
      both: 1,
      onlyA: 2,
      onlyB: 1,
      neither: 1,
    });
    expect(shareDifference(pairedCounts([], []))).toEqual({ value: Number.NaN, interval: null });
    expect(testedShares(pairedCounts([], []))).toEqual({ value: Number.NaN, interval: null, p: 1, exact: 1 });
  });

  it.each([0.8, 0.95, 0.99])('with a test leaves 0 out at %d where McNemar does, and only there', (level) => {
    for (const n of [1, 3, 10, 40, 300])
      for (let discordant = 0; discordant <= Math.min(n, 30); discordant++)
        for (let onlyA = 0; onlyA <= discordant; onlyA++)
          for (const shared of [0, 0.8, 1]) {
            const both = Math.round(shared * (n - discordant));
            const onlyB = discordant - onlyA;
            const counts = { both, onlyA, onlyB, neither: n - discordant - both };
            const { value, interval, p, exact } = testedShares(counts, level);
            const [lo, hi] = interval!;
            expect([p, exact]).toEqual([mcnemar(counts).midP, mcnemar(counts).exact]);
            expect(lo <= value && value <= hi, JSON.stringify(counts)).toBe(true);
            expect(lo > 0 || hi < 0, JSON.stringify(counts)).toBe(p < 1 - level);
            const plain = shareDifference(counts, level).interval!;
            if (value >= 0) expect(hi).toBe(plain[1]);
            if (value <= 0) expect(lo).toBe(plain[0]);
            const [other, mirrored] = [
              testedShares({ ...counts, onlyA: onlyB, onlyB: onlyA }, level).interval!,
              [-hi, -lo],
            ];
            expect(other).toEqual(mirrored.map((end) => expect.closeTo(end, 9)));
          }
  });
});

describe('DeLong', () => {
  // By the definition: variances of the rows and columns of [id > ood] + [id = ood] / 2, in numpy.
  const id = { a: [5, 3, 8, 6, 3, 7, 2], b: [4, 4, 6, 7, 1, 7, 3] };
  const first = { a: [1, 3, 2, 6, 0], b: [2, 3, 1, 5, 4] };
  const second = { a: [4, 7, 1, 3], b: [5, 2, 2, 6] };

  it('of one set, with ties', () => {
    const found = delongDifference([placements(id.a, first.a)], [placements(id.b, first.b)]);
    near(found.value, 0.08571428571428572);
    near(found.error, 0.12923111185820868);
  });

  it('of the mean over two sets that share their ID examples', () => {
    const of = (system: 'a' | 'b') => [first, second].map((ood) => placements(id[system], ood[system]));
    const found = delongDifference(of('a'), of('b'));
    near(found.value, 0.04285714285714286);
    near(found.error, 0.14764304720424562);
  });

  it('is the AUROC of the ranking, and its placements are the shares that they say', () => {
    const scores = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(scores, scores, (inside, outside) => {
        const found = placements(inside, outside);
        expect(found.auroc).toBeCloseTo(compareScores(inside, outside).auroc, 12);
        const beats = (x: number, y: number) => (x > y ? 1 : x === y ? 0.5 : 0);
        const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
        inside.forEach((x, i) => {
          expect(found.id[i]).toBeCloseTo(mean(outside.map((y) => beats(x, y))), 12);
        });
        outside.forEach((y, j) => {
          expect(found.ood[j]).toBeCloseTo(mean(inside.map((x) => beats(x, y))), 12);
        });
      }),
    );
  });

  it('a NaN score has no rank', () => {
    expect(() => placements([1, Number.NaN], [0])).toThrow(/NaN/);
  });
});

const reference = resolve('../shared/reference/ood');
if (!existsSync(reference))
  console.warn(`\n!!! ${reference} is absent: DeLong is NOT compared with public code !!!\n`);

describe.skipIf(!existsSync(reference))('scores of a trained network', () => {
  const values = () => JSON.parse(readFileSync(join(reference, 'values.json'), 'utf8'));

  it.each(['interpolated', 'digits', 'noise'])('DeLong on %s is that of public code', (set) => {
    const arrays = readReference(join(reference, 'features.npz'));
    const logits = (name: string) => {
      const { shape, data } = arrays[`logits_${name}`]!;
      return { n: shape[0]!, classes: shape[1]!, data };
    };
    const msp = (name: string) => {
      const { n, classes } = logits(name);
      const p = softmax(logits(name));
      return Float64Array.from({ length: n }, (_, i) =>
        Math.max(...p.subarray(i * classes, (i + 1) * classes)),
      );
    };
    const energy = (name: string) => logSumExp(logits(name));
    const known = values().delong_id_positive[set];
    const [ofMsp, ofEnergy] = [placements(msp('test'), msp(set)), placements(energy('test'), energy(set))];
    const { value, error } = delongDifference([ofMsp], [ofEnergy]);
    expect([ofMsp.auroc, ofEnergy.auroc]).toEqual([
      expect.closeTo(known.auroc_msp, 9),
      expect.closeTo(known.auroc_energy, 9),
    ]);
    near(value, known.difference_msp_minus_energy, 8);
    near(error ** 2, known.variance_difference, 8);
    const tested = waldTest(value, error, 500, { by: 'normal' });
    expect(tested.interval?.[0]).toBeCloseTo(known.difference_wald95[0], 9);
    expect(tested.interval?.[1]).toBeCloseTo(known.difference_wald95[1], 9);
    near(tested.p ?? 0, known.p_two_sided, 6);
  });

  it('McNemar of two networks is that of statsmodels', () => {
    const known = values().mcnemar_baseline_vs_jem;
    const found = mcnemar({ onlyA: known.n10_baseline_only, onlyB: known.n01_jem_only });
    near(found.exact, known.exact);
    near(found.midP, known.midp);
  });
});

describe('Holm', () => {
  it('is statsmodels.stats.multitest.multipletests', () => {
    const corrected = holm([0.01, 0.04, 0.03, 0.005, 0.2, 0.03]);
    const wanted = [0.05, 0.12, 0.12, 0.03, 0.2, 0.12];
    corrected.forEach((p, i) => {
      expect(p).toBeCloseTo(wanted[i]!, 12);
    });
    expect(holm([])).toEqual([]);
  });

  it('keeps the order of p, never lowers one, and never exceeds Bonferroni', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (p) => {
        const corrected = holm(p);
        for (let i = 0; i < p.length; i++) {
          expect(corrected[i]).toBeGreaterThanOrEqual(p[i]!);
          expect(corrected[i]).toBeLessThanOrEqual(Math.min(1, p.length * p[i]!));
          for (let j = 0; j < p.length; j++)
            if (p[i]! <= p[j]!) expect(corrected[i]).toBeLessThanOrEqual(corrected[j]!);
        }
      }),
    );
  });
});

describe('cliques', () => {
  it('are the maximal sets of which any two are joined: by trying all sets', () => {
    const graph = fc.integer({ min: 0, max: 7 }).chain((n) =>
      fc.record({
        n: fc.constant(n),
        edges: fc.array(fc.boolean(), { minLength: n * n, maxLength: n * n }),
      }),
    );
    fc.assert(
      fc.property(graph, ({ n, edges }) => {
        const joined = (i: number, j: number) => edges[Math.min(i, j) * n + Math.max(i, j)]!;
        const sets = Array.from({ length: 2 ** n }, (_, bits) =>
          Array.from({ length: n }, (_, i) => i).filter((i) => (bits >> i) & 1),
        );
        const whole = sets.filter((set) => set.every((i) => set.every((j) => i === j || joined(i, j))));
        const largest = whole.filter(
          (set) =>
            set.length > 1 &&
            !whole.some((other) => other.length > set.length && set.every((i) => other.includes(i))),
        );
        const text = (all: number[][]) => all.map((set) => set.join(' ')).sort();
        expect(text(cliques(n, joined))).toEqual(text(largest));
      }),
    );
  });

  it('of systems in a row, where only neighbours are not separated', () => {
    expect(cliques(4, (i, j) => Math.abs(i - j) === 1)).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
    expect(cliques(3, () => true)).toEqual([[0, 1, 2]]);
    expect(cliques(3, () => false)).toEqual([]);
  });
});

describe('a quantile of drawn examples', () => {
  it('is the order statistic of the sample; what is unknown is larger than all', () => {
    const values = Float64Array.of(4, 1, Number.NaN, 3);
    expect([0.25, 0.5, 0.75, 1].map((q) => drawnQuantile(values, q)(Uint8Array.of(1, 1, 1, 1)))).toEqual([
      1,
      3,
      4,
      Number.POSITIVE_INFINITY,
    ]);
    expect(drawnQuantile(values, 0.5)(Uint8Array.of(3, 0, 0, 1))).toBe(4);
    expect(drawnQuantile(new Float64Array(), 0.5)(new Uint8Array())).toBeNaN();
  });
});

describe('a value without a spread', () => {
  it('has no interval; no difference is certain, one that all examples show is a sign test', () => {
    expect(waldTest(0, 0, 10, { by: 'normal' })).toEqual({ value: 0, interval: null, p: 1 });
    expect(waldTest(0.2, 0, 10, { by: 'student-t' })).toEqual({ value: 0.2, interval: null, p: 2 ** -9 });
    expect(waldTest(0.2, Number.NaN, 10, { by: 'normal' }).p).toBeNull();
  });
});
