import { describe, expect, it } from 'vitest';
import { check } from '../../../src/config/validate.js';
import { compareScores } from '../../../src/metrics/ranking/ranking.js';
import { builtinCatalogue } from '../../../src/suites/catalogue.js';
import { optionsOf } from '../../../src/suites/contract.js';
import { ood } from '../../../suites/ood/index.js';
import { robustOod } from '../../../suites/robust-ood/index.js';
import { type AnalyticOptions, analyticSystem } from '../../attacks/helpers/analytic-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { codes, measureOf, type Outcome, runSuite } from '../helpers/run-suite.js';

/** Logits 2 a and 2 b of two pixels a and b: every score and its largest rise within a ball are known. */
const system = (more: Partial<AnalyticOptions> = {}) =>
  analyticSystem({
    name: 'two',
    weights: [
      [2, 0],
      [0, 2],
    ],
    ...more,
  });

type Point = readonly [number, number];
/** The last is labelled wrongly. */
const images: Point[] = [
  [0.6, 0.5],
  [0.7, 0.4],
  [0.3, 0.45],
  [0.45, 0.8],
  [0.75, 0.52],
  [0.2, 0.3],
  [0.8, 0.3],
];
const labels = [0, 0, 1, 1, 0, 1, 1];
const far: Point[] = [
  [0.3, 0.34],
  [0.2, 0.4],
  [0.55, 0.5],
  [0.1, 0.15],
];
/** Twenty held-out images: the second smallest score is the threshold, that of (0.44, 0.5). */
const held = Array.from(
  { length: 20 },
  (_, i): Point => (i === 0 ? [0.41, 0.42] : [0.44 + i / 100 - 0.01, 0.5 + i / 80 - 1 / 80]),
);

const test = memoryDataset({ name: 'test', images, labels, indices: [5, 6, 7, 8, 9, 10, 11] });
const validation = memoryDataset({ name: 'validation', role: 'validation', images: held });
const strange = memoryDataset({ name: 'strange', role: 'ood', images: far });
const datasets = [test, validation, strange];

const lse = ([a, b]: Point) => Math.log(Math.exp(2 * a) + Math.exp(2 * b));
const scores = {
  'log-px': lse,
  'max-logit': ([a, b]: Point) => 2 * Math.max(a, b),
  'max-softmax': ([a, b]: Point) => 1 / (1 + Math.exp(-2 * Math.abs(a - b))),
};
type Id = keyof typeof scores;
const ids = Object.keys(scores) as Id[];
/** The image with the highest score in the ball. */
const highest = (id: Id, [a, b]: Point, epsilon: number): Point => {
  const larger = a >= b;
  if (id === 'log-px') return [a + epsilon, b + epsilon];
  if (id === 'max-logit') return larger ? [a + epsilon, b] : [a, b + epsilon];
  return larger ? [a + epsilon, b - epsilon] : [a - epsilon, b + epsilon];
};
const threshold = (id: Id) => held.map(scores[id]).sort((x, y) => y - x)[18]!;
/** Whether a grid over the ball holds a misclassified and accepted image. */
function passes(id: Id, [a, b]: Point, label: number, epsilon: number): boolean {
  const steps = Array.from({ length: 41 }, (_, k) => epsilon * (k / 20 - 1));
  return steps.some((da) =>
    steps.some((db) => {
      const x: Point = [a + da, b + db];
      return (x[0] >= x[1] ? 0 : 1) !== label && scores[id](x) >= threshold(id);
    }),
  );
}

const run = (more: Record<string, unknown> = {}, given: Partial<Parameters<typeof runSuite>[1]> = {}) =>
  runSuite(robustOod, {
    systems: [system()],
    datasets,
    options: { method: 'pgd', steps: 12, restarts: 5, epsilons: ['0.04', '0.1'], resamples: 100, ...more },
    ...given,
  });

const sheet = ({ summary }: Outcome, name: RegExp) => {
  const found = summary.examples?.find((one) => name.test(one.name));
  return Array.from(found?.rows ?? [], (row) =>
    Object.fromEntries((found?.columns ?? []).map((column, i) => [column, row[i]])),
  );
};

const outcome = run();
/** Enough to see what is asked for, and to compare. */
const cheap = { steps: 4, restarts: 1, epsilons: ['0.1'] };
const small = run(cheap);

it('has the protocol of DAT as a preset, and what is written goes before it', () => {
  const settled = (given: object) =>
    check(optionsOf(robustOod, builtinCatalogue), given, { what: 'robust-ood' }) as Record<string, unknown>;
  const dat = {
    scores: ['log-px', 'max-softmax'],
    method: 'pgd',
    norm: 'L2',
    epsilons: [1],
    steps: 20,
    stepSize: 0.1,
  };
  expect(settled({ preset: 'dat' })).toMatchObject({ ...dat, restarts: 1, examples: 1024 });
  expect(settled({ preset: 'dat', steps: 5 })).toMatchObject({ ...dat, steps: 5 });
});

it.each(['energy', 'entropy', 'gen'])(
  '%s is a number, clean and attacked, and the attack raises it',
  async (score) => {
    const attacked = await run({ ...cheap, scores: [score] });
    const rows = sheet(attacked, /scores$/).filter(({ role }) => role === 'ood');
    expect(rows).toHaveLength(far.length);
    for (const row of rows) {
      expect(Number.isFinite(row.clean)).toBe(true);
      expect(Number(row['attacked_0.1'])).toBeGreaterThan(Number(row.clean));
    }
  },
);

describe('OOD images that are to look familiar', () => {
  it.each(ids)('robust AUROC and FPR95 by %s are those of the highest scores in the ball', async (id) => {
    for (const epsilon of [0.04, 0.1]) {
      const expected = compareScores(
        images.map(scores[id]),
        far.map((x) => scores[id](highest(id, x, epsilon))),
      );
      const where = { score: id, epsilon: String(epsilon), dataset: 'strange' };
      const auroc = measureOf(await outcome, 'robust-auroc', where);
      expect(auroc.value).toBeCloseTo(expected.auroc, 12);
      expect(auroc).toMatchObject({
        n: 11,
        params: { against: 'test', norm: 'Linf', method: 'pgd', steps: 12 },
      });
      expect(measureOf(await outcome, 'robust-fpr95', where).value).toBeCloseTo(expected.fpr95IdPositive, 12);
      expect(measureOf(await outcome, 'mean-robust-auroc', { ...where, dataset: 'test' }).value).toBe(
        auroc.value,
      );
    }
  });

  it('clean AUROC is that of the ood suite, with its interval', async () => {
    const plain = await runSuite(ood, {
      systems: [system()],
      datasets,
      options: { scores: ids, resamples: 100 },
    });
    for (const score of ids) {
      const { value, interval, n } = measureOf(plain, 'auroc', { score });
      expect(measureOf(await outcome, 'clean-auroc', { score })).toMatchObject({ value, interval, n });
      const fpr95 = measureOf(plain, 'fpr95-id-positive', { score });
      expect(measureOf(await outcome, 'clean-fpr95', { score })).toMatchObject({ value: fpr95.value });
    }
  });

  it('the sheet has every score', async () => {
    const rows = sheet(await outcome, /scores$/).filter(({ score }) => score === 'max-logit');
    expect(rows.filter(({ role }) => role === 'test').map(({ index }) => index)).toEqual([
      5, 6, 7, 8, 9, 10, 11,
    ]);
    const strangers = rows.filter(({ role }) => role === 'ood');
    far.forEach((x, i) => {
      expect(strangers[i]!.clean).toBeCloseTo(scores['max-logit'](x), 5);
      expect(strangers[i]!['attacked_0.1']).toBeCloseTo(scores['max-logit'](x) + 0.2, 5);
    });
  });

  it('no radius is better for the attacker than a larger one, however the attack fares', async () => {
    // Steps of twice the radius throw points from corner to corner.
    const wild = await run(
      { ...cheap, steps: 2, stepSize: 0.4, epsilons: ['0.05', '0.2'] },
      { systems: [system({ squash: 1 })] },
    );
    for (const row of sheet(wild, /scores$/).filter(({ role }) => role === 'ood')) {
      expect(row['attacked_0.05']).toBeGreaterThanOrEqual(Number(row.clean));
      expect(row['attacked_0.2']).toBeGreaterThanOrEqual(Number(row['attacked_0.05']));
    }
  });

  it('says when the attack lowers what it should raise', async () => {
    const reversed = await run(
      { ...cheap, randomStart: false },
      { systems: [system({ gradientScale: -1 })] },
    );
    expect(reversed.summary.warnings).toContainEqual(
      expect.objectContaining({ code: 'score-not-raised', model: 'two' }),
    );
    const where = { score: 'log-px', dataset: 'strange' };
    const clean = measureOf(reversed, 'clean-auroc', where).value;
    expect(measureOf(reversed, 'robust-auroc', { ...where, epsilon: '0.1' }).value).toBe(clean);
    expect(codes(await outcome)).not.toContain('score-not-raised');
  });
});

describe('errors that pass a detector', () => {
  it.each(ids)('undetected errors past %s are those that a search of the ball finds', async (score) => {
    for (const epsilon of [0.04, 0.1]) {
      const found = images.filter((x, i) => passes(score, x, labels[i]!, epsilon)).length;
      const measured = measureOf(await outcome, 'undetected-error-rate', { score, epsilon: String(epsilon) });
      expect(measured.value, String(epsilon)).toBeCloseTo(found / 7, 12);
      expect(measured).toMatchObject({ n: 7, method: 'wilson', params: { threshold: 'validation' } });
      const broken = images.filter(([a, b], i) => (labels[i] === 0 ? a - b : b - a) < 2 * epsilon).length;
      const plain = measureOf(await outcome, 'plain-error-rate', { score, epsilon: String(epsilon) });
      expect(plain.value).toBeCloseTo(broken / 7, 12);
      expect(measured.value).toBeLessThanOrEqual(plain.value ?? 0);
    }
    expect(measureOf(await outcome, 'undetected-error-rate', { score, epsilon: '0' }).value).toBeCloseTo(
      1 / 7,
      12,
    );
  });

  it('the threshold is that of all validation images, in every unit and for every number of examples', async () => {
    const rows = sheet(await outcome, /errors$/);
    for (const score of ids) {
      const own = rows.filter((row) => row.score === score);
      const expected = score === 'max-softmax' ? Math.log(threshold(score)) : threshold(score);
      for (const row of own) expect(row.threshold).toBeCloseTo(expected, 5);
    }
    const few = await run({ ...cheap, examples: 2 }, { chunk: 1 });
    expect(sheet(few, /errors$/)[0]!.threshold).toBe(rows[0]!.threshold);
    expect(measureOf(few, 'undetected-error-rate', { score: 'log-px', epsilon: '0.1' }).n).toBe(2);
    expect((await run(cheap, { chunk: 2 })).summary.measures).toEqual((await small).summary.measures);
  });

  it('without a validation set the test set itself gives it, and that is said', async () => {
    const alone = await run(cheap, { datasets: [test, strange] });
    expect(codes(alone)).toContain('threshold-on-test-set');
    expect(codes(await outcome)).not.toContain('threshold-on-test-set');
    // The largest that 95 % of seven images reach is their smallest score.
    expect(measureOf(alone, 'clean-acceptance', { score: 'max-logit' })).toMatchObject({
      value: 1,
      params: { threshold: 'test' },
    });
  });

  it('every number can be counted from the sheet', async () => {
    const rows = sheet(await outcome, /errors$/);
    for (const score of ids) {
      const own = rows.filter((row) => row.score === score);
      for (const radius of ['clean', '0.04', '0.1']) {
        const epsilon = radius === 'clean' ? '0' : radius;
        const mistaken = own.filter((row) => row[`mistaken_${radius}`]);
        const accepted = (row: (typeof own)[number]) => Number(row.plain_score) >= Number(row.threshold);
        const refused = mistaken.filter((row) => !accepted(row));
        const undetected = own.filter(
          (row) =>
            row[`evaded_${radius}`] ||
            (row[`mistaken_${radius}`] && row.plain_prediction !== row.label && accepted(row)),
        );
        const at = { score, epsilon };
        expect(measureOf(await outcome, 'undetected-error-rate', at).value).toBeCloseTo(
          undetected.length / 7,
          12,
        );
        expect(measureOf(await outcome, 'plain-errors-refused', at)).toMatchObject({
          value: refused.length / mistaken.length,
          n: mistaken.length,
        });
      }
    }
  });

  it('a result that does not come out again is not published', async () => {
    // Gradient passes swap the classes: every point looks misclassified, and few are.
    const whole = system();
    const fickle = {
      ...whole,
      gradient: async (...asked: Parameters<typeof whole.gradient>) => {
        const found = await whole.gradient(...asked);
        return { ...found, logits: found.logits?.map((_, at, all) => all[at % 2 === 0 ? at + 1 : at - 1]!) };
      },
    };
    const failed = await run({ ...cheap, epsilons: [0.01] }, { systems: [fickle] });
    expect(measureOf(failed, 'undetected-error-rate', { score: 'log-px', epsilon: '0.01' })).toMatchObject({
      value: null,
      note: expect.stringMatching(/^failed/),
    });
    expect(failed.summary.warnings).toContainEqual(
      expect.objectContaining({ code: 'not-reproduced', severity: 'serious' }),
    );
  });
});

describe('what must not be missed', () => {
  it('images found by the attack that knows no detector count too, and that they were needed is said', async () => {
    // The gradients of the evading losses point the wrong way; those of cross-entropy do not.
    const [whole, wrong] = [system(), system({ gradientScale: -1 })];
    const misled = {
      ...whole,
      gradient: (...asked: Parameters<typeof whole.gradient>) =>
        (asked[1].startsWith('evade') ? wrong : whole).gradient(...asked),
    };
    const given = { ...cheap, scores: ['max-logit'], randomStart: false };
    const found = await run(given, { systems: [misled] });
    expect(codes(found)).toContain('plain-beats-aware');
    const own = sheet(found, /errors$/);
    const rate = measureOf(found, 'undetected-error-rate', { epsilon: '0.1' }).value ?? 0;
    expect(rate).toBeGreaterThan(own.filter((row) => row['evaded_0.1']).length / 7);
    expect(codes(await run(given))).not.toContain('plain-beats-aware');
  });

  it('a plain attack that finds fewer errors than the one past a detector is called too weak', async () => {
    const [whole, wrong] = [system(), system({ gradientScale: -1 })];
    const misled = {
      ...whole,
      gradient: (...asked: Parameters<typeof whole.gradient>) =>
        (asked[1].startsWith('evade') ? whole : wrong).gradient(...asked),
    };
    const found = await run({ ...cheap, scores: ['log-px'], randomStart: false }, { systems: [misled] });
    expect(codes(found)).toContain('aware-beats-plain');
    expect(codes(await small)).not.toContain('aware-beats-plain');
  });

  it('a validation set unlike the test set', async () => {
    const bright = memoryDataset({
      name: 'validation',
      role: 'validation',
      images: Array.from({ length: 20 }, (_, i) => [0.9 + i / 300, 0.1]),
    });
    const found = await run({ ...cheap, scores: ['max-logit'] }, { datasets: [test, bright, strange] });
    expect(codes(found)).toContain('threshold-shifted');
    expect(measureOf(found, 'clean-acceptance').value).toBe(0);
    expect(codes(await small)).not.toContain('threshold-shifted');
  });
});

describe('what is asked for', () => {
  it('a score that a system does not have is not applicable, the others are measured', async () => {
    const whole = system();
    const info = {
      ...whole.info,
      offers: ['logits' as const, 'inputGradient' as const],
      lacks: { logPx: 'no energy' },
    };
    const found = await run(cheap, { systems: [{ ...whole, info }] });
    expect(found.summary.notApplicable).toEqual([
      { suite: 'robust-ood', model: 'two', what: 'log p(x)', reason: 'log p(x) needs log p(x): no energy' },
    ]);
    expect(
      measureOf(found, 'robust-auroc', { score: 'max-logit', epsilon: '0.1', dataset: 'strange' }).value,
    ).not.toBeNull();
  });

  it.each([
    ['no OOD set', [test], 'robust AUROC', 'undetected-error-rate'],
    ['no labels', [memoryDataset({ name: 'test', images }), strange], 'undetected errors', 'robust-auroc'],
  ])('%s: the other half goes on', async (_, sets, what, measure) => {
    const found = await run({ ...cheap, scores: ['max-logit'] }, { datasets: sets });
    expect(found.summary.notApplicable).toContainEqual(expect.objectContaining({ what }));
    expect(found.summary.measures.some((one) => one.measure === measure)).toBe(true);
  });

  it('OOD sets may have classes of their own', async () => {
    const labelled = memoryDataset({ name: 'strange', role: 'ood', images: far, labels: [40, 50, 60, 70] });
    const found = await run(cheap, { datasets: [test, validation, labelled] });
    expect(found.summary.measures).toEqual((await small).summary.measures);
  });

  it('stochastic systems are judged by mean outputs', async () => {
    const noisy = await run(
      { ...cheap, scores: ['max-logit'], steps: 10, eot: 2, confirm: 4 },
      { systems: [system({ noise: 0.01 })] },
    );
    const exact = images.filter((x, i) => passes('max-logit', x, labels[i]!, 0.1)).length;
    const rate = measureOf(noisy, 'undetected-error-rate', { epsilon: '0.1' }).value;
    expect(Math.abs((rate ?? 0) - exact / 7)).toBeLessThanOrEqual(1 / 7 + 1e-9);
  });

  it.each([
    [{ method: 'fgsm', steps: 4 }, /no option "steps"/],
    [{ scores: ['approximate-mass'] }, /options/],
    [{ targets: 3 }, /options/],
    [{ epsilons: ['1/0'] }, /not a positive number/],
  ])('refuses %o', async (wrong, message) => {
    await expect(runSuite(robustOod, { systems: [system()], datasets, options: wrong })).rejects.toThrowError(
      message,
    );
  });
});
