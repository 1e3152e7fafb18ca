// @module-tag slow
import { describe, expect, it } from 'vitest';
import { type Difference, differenceOf } from '../../src/comparison/difference.js';
import type { Group } from '../../src/comparison/groups.js';
import { holm } from '../../src/metrics/tests/holm.js';
import { mcnemar, pairedCounts } from '../../src/metrics/tests/paired-shares.js';
import { type Stream, stream } from '../../src/random/stream.js';
import type { Measure, MeasureRows } from '../../src/suites/results.js';

/*
 * What tests and intervals promise, by drawing the data again and again: how often a test says "different" of systems that
 * are not, and how often an interval holds the true difference. Everything is seeded, so each run sees the same numbers.
 */

const REPEATS = 2000;
/** Two and a third standard deviations of a share of 5 % (or 95 %) in so many repeats: 1.1 points. */
const NOISE = 2.33 * Math.sqrt((0.05 * 0.95) / REPEATS);

const draws = (purpose: string, example: number) => stream({ seed: 7, purpose, example });

const compared = (
  statistic: string,
  examples: Group,
  against: Group[] = [],
  options: MeasureRows['options'] = {},
) => {
  const columns = Object.fromEntries(Object.keys(examples.columns).map((role) => [role, role]));
  const rows: MeasureRows = {
    sheet: 'examples/sheet.csv',
    where: {},
    statistic,
    columns,
    options,
    ...(against.length > 0 && { against: against.map((_, set) => ({ where: { set }, columns })) }),
  };
  const measure: Measure = {
    suite: 'suite',
    measure: statistic,
    title: statistic,
    model: 'system',
    dataset: 'test',
    params: {},
    value: 0,
    n: 0,
    interval: null,
    level: 0.95,
    method: 'none',
    better: 'higher',
    format: 'number',
  };
  return { measure: { ...measure, rows }, rows: { examples, against } };
};

const group = (columns: Record<string, Float64Array>): Group => ({
  indices: Int32Array.from({ length: Object.values(columns)[0]!.length }, (_, i) => i),
  columns,
});

/** How often two systems are called different, and how often the interval holds their true difference. */
function rates(truth: number, repeat: (r: number) => Difference) {
  let [refused, covered, given] = [0, 0, 0];
  for (let r = 0; r < REPEATS; r++) {
    const { p, interval } = repeat(r);
    if (p !== null && p <= 0.05) refused++;
    if (!interval) continue;
    expect(interval[0] > 0 || interval[1] < 0).toBe(p !== null && p < 0.05);
    given++;
    if (interval[0] <= truth && truth <= interval[1]) covered++;
  }
  return { refused: refused / REPEATS, covered: covered / given, given };
}

/** Two outcomes of each of n examples, some of which are hard for both. */
function outcomes(draw: Stream, n: number, rightA: number, rightB: number): [Float64Array, Float64Array] {
  const [a, b] = [new Float64Array(n), new Float64Array(n)];
  for (let i = 0; i < n; i++) {
    // Half of the examples are decided by one draw that both share.
    const [shared, together] = [draw.uniform(), draw.uniform() < 0.5];
    a[i] = (together ? shared : draw.uniform()) < rightA ? 1 : 0;
    b[i] = (together ? shared : draw.uniform()) < rightB ? 1 : 0;
  }
  return [a, b];
}

const shares = (purpose: string, n: number, rightA: number, rightB: number) => (r: number) => {
  const [a, b] = outcomes(draws(purpose, r), n, rightA, rightB);
  return differenceOf(compared('share', group({ outcome: a })), compared('share', group({ outcome: b })));
};

describe(`in ${REPEATS} repeats`, () => {
  it.each([
    [40, 0.7],
    [100, 0.95],
    [300, 0.6],
  ])(
    "McNemar's test of %d examples errs at most at its level, and Newcombe's interval covers",
    (n, right) => {
      const same = rates(0, shares(`null/${n}`, n, right, right));
      expect(same.refused).toBeLessThan(0.05 + NOISE);
      expect(same.covered).toBeGreaterThan(0.95 - NOISE);
      const other = rates(-0.1, shares(`apart/${n}`, n, right - 0.1, right));
      expect(other.covered).toBeGreaterThan(0.95 - NOISE);
      expect(other.refused).toBeGreaterThan(same.refused);
    },
  );

  it('the exact test never errs more than mid-p', () => {
    let refused = 0;
    for (let r = 0; r < REPEATS; r++) {
      const found = mcnemar(pairedCounts(...outcomes(draws('exact', r), 60, 0.7, 0.7)));
      expect(found.exact).toBeGreaterThanOrEqual(found.midP);
      if (found.exact <= 0.05) refused++;
    }
    expect(refused / REPEATS).toBeLessThan(0.05);
  });

  it.each([
    ['one OOD set', 1],
    ['the mean over three', 3],
  ])("DeLong's test of %s errs at its level, and its interval covers", (_, sets) => {
    // AUROC of normal scores one apart is Phi(1 / sqrt 2); of those 0.4 apart, Phi(0.4 / sqrt 2).
    const truth = 0.7602499389 - 0.6113512946;
    const of = (purpose: string, shiftA: number, shiftB: number) => (r: number) => {
      const draw = draws(`${purpose}/${sets}`, r);
      const scores = (n: number, up: [number, number]) => {
        const [a, b] = [new Float64Array(n), new Float64Array(n)];
        for (let i = 0; i < n; i++) {
          // Correlated by one half.
          const shared = draw.normal();
          a[i] = (shared + draw.normal()) / Math.SQRT2 + up[0];
          b[i] = (shared + draw.normal()) / Math.SQRT2 + up[1];
        }
        return [group({ score: a }), group({ score: b })];
      };
      const [idA, idB] = scores(60, [shiftA, shiftB]) as [Group, Group];
      const oods = Array.from({ length: sets }, () => scores(50, [0, 0]));
      return differenceOf(
        compared(
          'auroc',
          idA,
          oods.map(([ood]) => ood!),
        ),
        compared(
          'auroc',
          idB,
          oods.map(([, ood]) => ood!),
        ),
      );
    };
    const same = rates(0, of('delong/null', 1, 1));
    expect(same.refused).toBeLessThan(0.05 + NOISE);
    expect(same.covered).toBeGreaterThan(0.95 - NOISE);
    const other = rates(truth, of('delong/apart', 1, 0.4));
    // Wald's interval of so few examples holds a little less than it says (0.9385 of the mean over three sets).
    expect(other.covered).toBeGreaterThan(0.94 - NOISE);
    expect(other.refused).toBeGreaterThan(0.5);
  });

  it('the bootstrap of skewed means errs at its level, and its interval covers', () => {
    const of = (purpose: string, factor: number) => (r: number) => {
      const draw = draws(purpose, r);
      const [a, b] = [new Float64Array(80), new Float64Array(80)];
      for (let i = 0; i < 80; i++) {
        // As NLLs are: many small, few large, large for both.
        const hard = -Math.log(draw.uniform());
        a[i] = hard * -Math.log(draw.uniform());
        b[i] = hard * -Math.log(draw.uniform()) * factor;
      }
      return differenceOf(compared('mean', group({ value: a })), compared('mean', group({ value: b })));
    };
    const same = rates(0, of('mean/null', 1));
    expect(same.refused).toBeLessThan(0.05 + NOISE);
    expect(same.covered).toBeGreaterThan(0.95 - NOISE);
    // Skewed differences of so few examples: Student's interval holds 0.9 to 0.95.
    expect(rates(0.5, of('mean/apart', 0.5)).covered).toBeGreaterThan(0.92);
  });

  it('the bootstrap of ECE errs at most at its level', () => {
    const { refused } = rates(0, (r) => {
      const draw = draws('ece', r);
      const systems = [0, 1].map(() => {
        const confidence = Float64Array.from({ length: 100 }, () => 0.5 + 0.5 * draw.uniform());
        // Over-confident by 10 points.
        const outcome = confidence.map((p) => (draw.uniform() < p - 0.1 ? 1 : 0));
        return compared('ece', group({ confidence, outcome }), [], { bins: 10 });
      });
      return differenceOf(systems[0]!, systems[1]!);
    });
    expect(refused).toBeLessThan(0.05 + NOISE);
  });

  it.each([
    ['four systems that are alike', [0.7, 0.7, 0.7, 0.7]],
    ['three that are, beside a better one', [0.7, 0.7, 0.7, 0.85]],
  ])('Holm lets a table of %s call any alike two different at most at its level', (_, right) => {
    let wrong = 0;
    for (let r = 0; r < REPEATS; r++) {
      const draw = draws(`holm/${right.join()}`, r);
      const systems = right.map(() => new Float64Array(120));
      for (let i = 0; i < 120; i++) {
        const [shared, together] = [draw.uniform(), draw.uniform() < 0.5];
        right.forEach((share, s) => {
          systems[s]![i] = (together ? shared : draw.uniform()) < share ? 1 : 0;
        });
      }
      const pairs = systems.flatMap((a, i) =>
        systems.slice(i + 1).map((b, j) => ({ a, b, alike: right[i] === right[i + 1 + j] })),
      );
      const corrected = holm(pairs.map(({ a, b }) => mcnemar(pairedCounts(a, b)).midP));
      if (pairs.some(({ alike }, i) => alike && corrected[i]! <= 0.05)) wrong++;
    }
    expect(wrong / REPEATS).toBeLessThan(0.05 + NOISE);
  });
});
