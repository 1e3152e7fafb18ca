import { describe, expect, it } from 'vitest';
import { AssayError } from '../../../src/errors.js';
import type { System } from '../../../src/models/system.js';
import { attack } from '../../../suites/attack/index.js';
import { analyticSystem, noiseImages } from '../../attacks/helpers/analytic-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { codes, measureOf, type Outcome, runSuite, sheetOf } from '../helpers/run-suite.js';

const SIZE = 4;
const N = 24;
const weights = [
  [3, -1, 2, 0.5],
  [-1, 2, -0.5, 1.5],
  [0.5, 0.5, -2, -1],
];
const linear = analyticSystem({ name: 'linear', weights });
const pixels = noiseImages(N, SIZE);
const images = Array.from({ length: N }, (_, i) => [...pixels.subarray(i * SIZE, (i + 1) * SIZE)]);
const logits = (x: ArrayLike<number>) =>
  weights.map((row) => row.reduce((sum, weight, j) => sum + weight * x[j]!, 0));
// Every sixth is labelled as what it is not.
const labels = images.map((x, i) => {
  const own = logits(x);
  const top = own.indexOf(Math.max(...own));
  return i % 6 === 5 ? (top + 1) % weights.length : top;
});
const dataset = memoryDataset({ images, labels });
const EPSILONS = ['0.02', '0.1', '0.2'];

/** The smallest margin in the box: of a linear network it is at a corner. */
function exact(x: ArrayLike<number>, label: number, epsilon: number): number {
  const margins = weights.flatMap((other, k) => {
    if (k === label) return [];
    const slopes = other.map((weight, j) => weights[label]![j]! - weight);
    return slopes.reduce(
      (sum, slope, j) =>
        sum + slope * (slope > 0 ? Math.max(0, x[j]! - epsilon) : Math.min(1, x[j]! + epsilon)),
      0,
    );
  });
  return Math.min(...margins);
}

type Bound = (x: Float32Array, label: number, epsilon: number) => number;

/** A system that says of its margins what it is told to. */
const withBounds = (bound: Bound, of: System = linear): System => ({
  ...of,
  info: { ...of.info, offers: [...of.info.offers, 'marginBounds'] },
  marginBounds: async ({ n, pixels: own, labels: y = new Int32Array(n) }, { epsilon }) => ({
    margin: Float64Array.from({ length: n }, (_, i) =>
      bound(own.subarray(i * SIZE, (i + 1) * SIZE), y[i]!, epsilon),
    ),
    rounding: new Float64Array(n),
    passes: { forward: 3 * n, gradient: 2 * n },
  }),
});
/** Right, and not tight. */
const loose: Bound = (x, label, epsilon) => exact(x, label, 1.5 * epsilon);

const run = (systems: readonly System[], options: object = {}, chunk?: number) =>
  runSuite(attack, {
    systems,
    datasets: [dataset],
    options: { method: 'pgd', steps: 8, epsilons: EPSILONS, checks: false, certify: 'crown-ibp', ...options },
    ...(chunk && { chunk }),
  });

const robustOf = (outcome: Outcome) =>
  EPSILONS.map((epsilon) => measureOf(outcome, 'robust-accuracy', { epsilon }));

describe('attack: { certify }', () => {
  it.each([
    { method: 'pgd', steps: 8 },
    { method: 'pgd', steps: 8, randomStart: false, restarts: 2, keep: 'strongest' },
    { method: 'fgsm' },
    { method: 'pgd', steps: 8, norm: 'L2' },
    {
      method: 'autoattack',
      version: 'custom',
      attacks: ['apgd-ce', { method: 'square', queries: 30 }],
    },
  ])('changes no verdict: %o', async (method) => {
    const of = (certify: object) =>
      runSuite(attack, {
        systems: [withBounds(loose)],
        datasets: [dataset],
        options: { epsilons: EPSILONS, checks: false, ...method, ...certify },
      });
    const [spared, all] = [await of({ certify: 'crown-ibp' }), await of({})];
    expect(robustOf(spared)).toEqual(robustOf(all));
    const named = (outcome: Outcome, names: readonly string[]) =>
      outcome.summary.measures.filter(({ measure }) => names.includes(measure));
    const unchanged = [
      'naive-gradient-passes',
      'naive-forward-passes',
      'verification-disagreements',
      'broken-first',
    ];
    expect(named(spared, unchanged)).toEqual(named(all, unchanged));
    // Those of all attacks together come first.
    const passes = (outcome: Outcome) =>
      ['gradient-passes', 'forward-passes'].reduce(
        (sum, name) => sum + Number(named(outcome, [name])[0]!.value),
        0,
      );
    expect(passes(spared)).toBeLessThan(0.8 * passes(all));
  });

  it('says what was proved, row by row, and what that saved and cost', async () => {
    const outcome = await run([withBounds(loose)]);
    const rows = sheetOf(outcome);
    EPSILONS.forEach((epsilon, k) => {
      const proved = images.map((x, i) => loose(Float32Array.from(x), labels[i]!, Number(epsilon)) > 0);
      expect(rows.map((row) => row[`proved_at_${epsilon}`])).toEqual(proved);
      expect(measureOf(outcome, 'certified-accuracy', { epsilon })).toMatchObject({
        value: proved.filter(Boolean).length / N,
        bound: 'lower',
      });
      for (const row of rows) {
        const [saved, all] = [`saved_passes_at_${epsilon}`, `passes_without_proofs_at_${epsilon}`].map(
          (name) => Number(row[name]),
        );
        if (row[`proved_at_${epsilon}`]) {
          // Eight steps, and a look at where the last one leads.
          expect([saved, all, row[`robust_at_${epsilon}`]]).toEqual([9, 9, true]);
        } else expect(saved).toBe(0);
      }
      const share = measureOf(outcome, 'attack-passes-saved', { epsilon });
      const sum = (column: string) =>
        rows.reduce((total, row) => total + Number(row[`${column}_at_${epsilon}`]), 0);
      expect(share.value).toBe(sum('saved_passes') / sum('passes_without_proofs'));
      expect(share.value).toBeGreaterThan(k === 0 ? 0.5 : 0);
    });
    // An image is bounded at the radius after the last one at which it is proved, and never where it is mistaken.
    const bounded = rows.map((row) => {
      const proved = EPSILONS.filter((epsilon) => row[`proved_at_${epsilon}`]).length;
      return row.correct ? Math.min(EPSILONS.length, proved + 1) : 0;
    });
    expect(rows.map((row) => row.bound_gradient_passes)).toEqual(bounded.map((radii) => 2 * radii));
    expect(rows.map((row) => row.bound_forward_passes)).toEqual(bounded.map((radii) => 3 * radii));
    expect(outcome.summary.tables?.map(({ id }) => id)).toContain('attack-pgd-8-linf-proved-test');
  });

  it.each(['Linf', 'L2'])('asks for balls of the norm, by the method: %s', async (norm) => {
    const asked: object[] = [];
    const honest = withBounds(loose);
    const spy: System = {
      ...honest,
      marginBounds: (batch, question) => {
        asked.push(question);
        return honest.marginBounds?.(batch, question) ?? Promise.reject(new Error('no bounds'));
      },
    };
    const outcome = await run([spy], { norm, certify: 'alpha-crown', epsilons: ['0.1'] });
    // Intervals are looked at first.
    for (const method of ['ibp', 'alpha-crown']) expect(asked).toContainEqual({ epsilon: 0.1, norm, method });
    expect(new Set(asked.map((question) => JSON.stringify(question))).size).toBe(2);
    expect(measureOf(outcome, 'certified-accuracy', { epsilon: '0.1' }).value).toBeGreaterThan(0.3);
  });

  it('counts as attacked only what was', async () => {
    const masked = analyticSystem({ name: 'masked', weights, gradientScale: 0 });
    const outcome = await run([withBounds(exact, masked)], { randomStart: false, epsilons: ['0.1'] });
    const robust = images.filter((x, i) => exact(x, labels[i]!, 0.1) > 0).length;
    const right = images.filter((x, i) => exact(x, labels[i]!, 0) > 0).length;
    const zero = measureOf(outcome, 'zero-gradient');
    expect([zero.value, zero.n]).toEqual([1, right - robust]);
    expect(zero.rows?.where).toMatchObject({ correct: true, 'proved_at_0.1': false });
  });

  it('gives the same numbers whatever the units', async () => {
    const measures = async (chunk: number) => (await run([withBounds(loose)], {}, chunk)).summary.measures;
    expect(await measures(5)).toEqual(await measures(N));
  });

  it('of a system without bounds asks for the attack as it is, and says so', async () => {
    const [spared, all] = [await run([linear]), await run([linear], { certify: undefined })];
    expect(spared.requests.map(({ params }) => params)).toEqual(all.requests.map(({ params }) => params));
    expect(spared.summary.measures).toEqual(all.summary.measures);
    expect(codes(spared)).toContain('certify-left-out');
    expect(codes(all)).not.toContain('certify-left-out');
  });

  it('one with a step that nothing bounds is attacked all the same', async () => {
    const outcome = await run([
      withBounds(() => {
        throw new AssayError('op-unsupported', 'no bounds for Foo');
      }),
    ]);
    expect(codes(outcome)).toContain('certify-left-out');
    expect(robustOf(outcome)).toEqual(robustOf(await run([linear])));
  });

  it('stops bounds that are beyond hope after the first images', async () => {
    const asked = new Set<string>();
    const outcome = await run([
      withBounds((x) => {
        asked.add(x.join());
        return -1e4;
      }),
    ]);
    expect(asked.size).toBeLessThanOrEqual(8);
    expect(outcome.summary.warnings).toContainEqual(
      expect.objectContaining({
        code: 'nothing-certified',
        message: expect.stringContaining('bounds were stopped after the first 8 images'),
      }),
    );
    expect(measureOf(outcome, 'bound-gradient-passes').value).toBe(0);
    expect(robustOf(outcome)).toEqual(robustOf(await run([linear])));
  });

  it.each([
    [{ norm: 'L1', epsilons: ['0.1'] }, /do not go together: bounds are of balls in Linf and L2/],
    [{ method: 'fmn' }, /measures how far the nearest/],
    [{ certify: 'alpha' }, /options of "attack" is not valid/],
  ])('refuses %o', async (wrong, message) => {
    const options = { method: 'pgd', epsilons: EPSILONS, certify: 'ibp', ...wrong };
    await expect(
      runSuite(attack, { systems: [withBounds(loose)], datasets: [dataset], options }),
    ).rejects.toThrowError(message);
  });
});

describe('an image that is proved and yet broken', () => {
  /** True at radii below, a lie at this. */
  const lying =
    (at: number): Bound =>
    (x, label, epsilon) =>
      epsilon === at && exact(x, label, 0) > 0 ? 1 : exact(x, label, epsilon);
  const contradiction = {
    code: 'suite-failed',
    message: expect.stringContaining('contradict each other'),
    details: {
      path: expect.stringContaining('linear on test, Linf 0.1'),
      found: expect.stringContaining('example'),
    },
  };

  it('is found by the checks, which attack what is proved, and withdraws both numbers', async () => {
    await expect(run([withBounds(lying(0.1))], { epsilons: ['0.1'], checks: true })).rejects.toMatchObject(
      contradiction,
    );
  });

  it('is found by the attack at a larger radius', async () => {
    // In a ball of 0.3 a small step of PGD breaks what is proved within 0.1.
    const options = { epsilons: ['0.1', '0.3'], steps: 40, stepSize: '0.02', randomStart: false };
    await expect(run([withBounds(lying(0.1))], options)).rejects.toMatchObject(contradiction);
  });

  it('is none where nothing is broken in the ball that is proved', async () => {
    await expect(run([withBounds(exact)], { checks: true })).resolves.toBeDefined();
  });
});
