import { describe, expect, it } from 'vitest';
import { collectedRows } from '../../../src/runs/rows/collected-rows.js';
import { builtinCatalogue } from '../../../src/suites/catalogue.js';
import type { Rows } from '../../../src/suites/columns.js';
import { type Collected, type Request, request } from '../../../src/suites/contract.js';
import { attackRequest } from '../../../src/suites/measurements/attack.js';
import { clean as cleanMeasurement } from '../../../src/suites/measurements/clean.js';
import { perturbedRequest } from '../../../src/suites/measurements/outputs-on-perturbed.js';
import { transfer } from '../../../suites/transfer/index.js';
import { plannedAt } from '../../../suites/transfer/options.js';
import { transferResult } from '../../../suites/transfer/result.js';
import { type AnalyticOptions, analyticSystem } from '../../attacks/helpers/analytic-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { codes, measureOf, runSuite, sheetOf } from '../helpers/run-suite.js';

/**
 * Two boundaries at right angles: one system looks at the sum of two pixels, the other at their difference, and a
 * perturbation that is steepest for one leaves the other's logits as they are.
 */
const SUM = {
  weights: [
    [0, 0],
    [4, 4],
  ],
  bias: [4, 0],
};
const DIFFERENCE = {
  weights: [
    [0, 0],
    [4, -4],
  ],
  bias: [0, 0],
};
const images = [
  [0.35, 0.55],
  [0.7, 0.5],
  [0.25, 0.35],
  [0.9, 0.7],
  [0.8, 1],
];
const labels = [0, 1, 0, 1, 0];
/** Linf distances to the boundary. The sum is wrong about the last image. */
const distances = { sum: [0.05, 0.1, 0.2, 0.3, 0], difference: [0.1, 0.1, 0.05, 0.1, 0.1] };
const dataset = memoryDataset({ images, labels, indices: [20, 21, 22, 23, 24] });
const options = { method: 'fgsm', epsilon: '0.12' };

const system = (name: string, more: Partial<AnalyticOptions> = {}) =>
  analyticSystem({ name, ...SUM, ...more });
const blind = (name: string) => {
  const whole = system(name, { weights: SUM.weights.map((row) => row.map((w) => 2 * w)), bias: [8, 0] });
  return {
    ...whole,
    info: { ...whole.info, offers: ['logits' as const], lacks: { inputGradient: 'it is blind' } },
  };
};
const sum = system('sum');
const difference = system('difference', DIFFERENCE);
const survivors = (of: keyof typeof distances, epsilon: number) =>
  distances[of].filter((distance) => distance > epsilon).length / 5;

describe('two boundaries at right angles, and a system without gradients', () => {
  const run = (more: object = {}, chunk = 7) =>
    runSuite(transfer, {
      systems: [sum, difference, blind('twin')],
      datasets: [dataset],
      options: { ...options, ...more },
      chunk,
    });

  it.each(['0.12', '0.25', 0.04])('accuracies at %s', async (epsilon) => {
    const outcome = await run({ epsilon });
    const robust = survivors('sum', Number(epsilon));
    const expected: [string, string, number][] = [
      ['sum', 'sum', robust],
      ['sum', 'twin', robust],
      ['sum', 'difference', 1],
      ['difference', 'difference', survivors('difference', Number(epsilon))],
      ['difference', 'sum', 0.8],
      ['difference', 'twin', 0.8],
    ];
    for (const [source, model, value] of expected) {
      const found = measureOf(outcome, 'transfer-accuracy', { source, model });
      expect(found, `${source} to ${model}`).toMatchObject({ value, n: 5, method: 'wilson' });
      expect(found.params).toMatchObject({
        epsilon: String(epsilon),
        norm: 'Linf',
        whiteBox: source === model,
      });
    }
    // Images for `twin` cannot be made.
    expect(outcome.summary.measures.some(({ params }) => params.source === 'twin')).toBe(false);
    expect(codes(outcome)).toEqual(['few-examples']);
  });

  it('the rate counts what both were right about and the source lost', async () => {
    const outcome = await run();
    const rate = (source: string, model: string) => measureOf(outcome, 'transfer-rate', { source, model });
    expect(rate('sum', 'twin')).toMatchObject({ value: 1, n: 2 });
    expect(rate('sum', 'difference')).toMatchObject({ value: 0, n: 2 });
    // All five are broken for `difference`; `sum` is wrong about one of them already.
    expect(rate('difference', 'sum')).toMatchObject({ value: 0, n: 4 });
    expect(() => rate('sum', 'sum')).toThrow(/0 measures/);
  });

  it('the worst of all images, per example', async () => {
    const outcome = await run();
    expect(measureOf(outcome, 'black-box-accuracy', { model: 'sum' })).toMatchObject({
      value: 0.8,
      headline: true,
    });
    expect(measureOf(outcome, 'worst-case-accuracy', { model: 'sum' }).value).toBe(0.4);
    expect(measureOf(outcome, 'black-box-accuracy', { model: 'difference' }).value).toBe(1);
    expect(measureOf(outcome, 'worst-case-accuracy', { model: 'difference' }).value).toBe(0);
    expect(measureOf(outcome, 'black-box-accuracy', { model: 'twin' }).value).toBe(0.4);
  });

  it('the matrix marks its diagonal and says n', async () => {
    const tables = (await run()).summary.tables ?? [];
    const [matrix, rates] = [tables[0]!, tables[1]!];
    expect(matrix.columns.map(({ title }) => title)).toEqual([
      'images made for',
      'sum',
      'difference',
      'twin',
      'n',
    ]);
    const cells = (r: number) =>
      Object.values(matrix.rows[r]!).map((v) => (typeof v === 'object' ? v?.value : v));
    expect(cells(0)).toEqual(['none: clean images', 0.8, 1, 0.8, 5]);
    expect(cells(1)).toEqual(['sum', 0.4, 1, 0.4, 5]);
    expect(cells(2)).toEqual(['difference', 0.8, 0, 0.8, 5]);
    expect(matrix.rows[1]!['shown to sum']).toMatchObject({ mark: '‡' });
    expect(matrix.rows[1]!['shown to twin']).not.toHaveProperty('mark');
    expect(rates.rows[0]).toMatchObject({
      'shown to sum': null,
      'shown to twin': { value: 1, mark: ' of 2' },
    });
  });

  it('every number can be counted from the sheet', async () => {
    const outcome = await run();
    const rows = sheetOf(outcome);
    expect(rows).toHaveLength(2 * 3 * 5);
    for (const { measure, model, params, value, n } of outcome.summary.measures) {
      if (params.source === undefined) continue;
      const own = rows.filter(({ source, target }) => source === params.source && target === model);
      const both = own.filter(
        (r) => r.source_correct && r.source_broken && r.target_clean_prediction === r.label,
      );
      const among = measure === 'transfer-rate' ? both : own;
      const lost = among.filter((r) => r.lost).length;
      expect(n).toBe(among.length);
      expect(value).toBeCloseTo(measure === 'transfer-rate' ? lost / n : 1 - lost / n, 12);
    }
    const first = rows[0]!;
    expect(first).toMatchObject({ source: 'sum', target: 'sum', index: 20, lost: true, prediction: 1 });
    expect(first.distance).toBeCloseTo(0.12, 6);
  });

  it('units change nothing', async () => {
    expect((await run({}, 2)).summary.measures).toEqual((await run()).summary.measures);
  });

  it('only so many examples, and how many that is', async () => {
    const outcome = await run({ examples: 3 });
    expect(measureOf(outcome, 'transfer-accuracy', { source: 'sum', model: 'difference' }).n).toBe(3);
  });
});

describe('what must not be missed', () => {
  it('masked gradients: images made for another system fool it, its own do not', async () => {
    const masked = system('masked', { gradientScale: 0 });
    const outcome = await runSuite(transfer, { systems: [sum, masked], datasets: [dataset], options });
    expect(measureOf(outcome, 'transfer-accuracy', { source: 'masked', model: 'masked' }).value).toBe(0.8);
    expect(measureOf(outcome, 'transfer-accuracy', { source: 'sum', model: 'masked' }).value).toBe(0.4);
    const flag = outcome.summary.warnings?.find(({ code }) => code === 'transfer-beats-white-box');
    expect(flag).toMatchObject({ severity: 'serious', model: 'masked' });
    expect(flag?.message).toContain('"sum" (accuracy 40.0 %)');
  });

  it('a white box result that does not come out again is not published', async () => {
    // Gradient passes swap the classes: every point looks misclassified, and none is.
    const whole = system('fickle');
    const fickle = {
      ...whole,
      gradient: async (...asked: Parameters<typeof whole.gradient>) => {
        const found = await whole.gradient(...asked);
        return { ...found, logits: found.logits?.map((_, at, all) => all[at % 2 === 0 ? at + 1 : at - 1]!) };
      },
    };
    const given = { ...options, method: 'pgd', steps: 3, epsilon: 0.01 };
    const outcome = await runSuite(transfer, { systems: [fickle, sum], datasets: [dataset], options: given });
    expect(measureOf(outcome, 'transfer-accuracy', { source: 'fickle', model: 'fickle' })).toMatchObject({
      value: null,
      note: expect.stringMatching(/^failed: 4 /),
    });
    expect(measureOf(outcome, 'transfer-accuracy', { source: 'fickle', model: 'sum' }).value).toBe(0.8);
    expect(outcome.summary.warnings).toContainEqual(
      expect.objectContaining({ code: 'not-reproduced', severity: 'serious', model: 'fickle' }),
    );
  });

  it('stochastic systems take part on both sides, with draws of their own', async () => {
    const noisy = system('noisy', { noise: 0.05 });
    const outcome = await runSuite(transfer, {
      systems: [sum, noisy],
      datasets: [dataset],
      options: { ...options, method: 'pgd', steps: 5, eot: 2, confirm: 4 },
    });
    expect(measureOf(outcome, 'transfer-accuracy', { source: 'sum', model: 'noisy' })).toMatchObject({
      value: 0.4,
      note: expect.stringMatching(/fresh draws/),
    });
    expect(measureOf(outcome, 'transfer-accuracy', { source: 'noisy', model: 'sum' }).value).toBe(0.4);
    const shown = outcome.requests.filter(({ measurement }) => measurement.name === 'outputs-on-perturbed');
    // Four pairs, and the clean images of the stochastic system.
    expect(shown.map(({ system: name, params }) => [name, params])).toEqual([
      ['noisy', { norm: 'Linf', draws: 4 }],
      ['sum', { norm: 'Linf', draws: 1 }],
      ['noisy', { norm: 'Linf', draws: 4 }],
      ['sum', { norm: 'Linf', draws: 1 }],
      ['noisy', { norm: 'Linf', draws: 4 }],
    ]);
  });

  it('other classes, no sources, no labels: not applicable, with the reason', async () => {
    const three = system('three', {
      weights: [
        [0, 0],
        [4, 4],
        [0, 0],
      ],
      bias: [4, 0, -9],
    });
    const mixed = await runSuite(transfer, { systems: [sum, three], datasets: [dataset], options });
    expect(mixed.summary.notApplicable).toContainEqual({
      suite: 'transfer',
      model: 'three',
      what: 'images made for "sum"',
      reason: 'it has 3 classes, "sum" 2: a mistake of one is none of the other',
    });
    const blindOnly = await runSuite(transfer, { systems: [blind('twin')], datasets: [dataset], options });
    expect(blindOnly.requests).toEqual([]);
    expect(blindOnly.summary.notApplicable?.[0]?.reason).toMatch(/no system of the run has input gradients/);
    const plain = memoryDataset({ name: 'plain', images });
    const unlabelled = await runSuite(transfer, { systems: [sum], datasets: [plain], options });
    expect(unlabelled.summary.notApplicable?.[0]?.reason).toMatch(/no labels/);
  });

  it.each([
    [{ epsilon: '8/0' }, /not a positive number/],
    [{ epsilon: 8 }, /larger than the range/],
    [{ epsilons: ['0.1'] }, /options/],
    [{ method: 'fgsm', steps: 4 }, /no option "steps"/],
  ])('refuses %o', async (wrong, message) => {
    const given = { systems: [sum], datasets: [dataset], options: { ...options, ...wrong } };
    await expect(runSuite(transfer, given)).rejects.toThrowError(message);
  });

  it('without a radius, the largest that is usual for the norm', async () => {
    const given = { systems: [sum], datasets: [dataset], options: { method: 'fgsm', norm: 'L2' } };
    expect(measureOf(await runSuite(transfer, given), 'transfer-accuracy').params.epsilon).toBe('1');
  });
});

describe('attacks that know no radius', () => {
  it('an image beyond the radius is not shown: the clean one stands for it', () => {
    const { info } = sum;
    const planned = plannedAt(
      { ...options, keep: 'strongest', confirm: 1, method: 'fgsm' },
      info,
      builtinCatalogue,
    );
    const on = { system: 'sum', dataset: 'test', params: {} };
    const look = { norm: 'Linf', draws: 1 };
    const attacked = attackRequest('sum', 'test', planned.params);
    const clean = request({ measurement: cleanMeasurement, ...on });
    const shown = perturbedRequest(info, attacked, look);
    // Both are broken to look at; the first within the radius, the second only beyond it.
    const logits = (data: number[]) => ({ shape: [2, 2], data: Float32Array.from(data) });
    const collected = (wanted: Request, rows: Rows): Collected => ({
      request: wanted,
      rows,
      indices: Int32Array.of(0, 1),
      labels: Int32Array.of(0, 0),
    });
    const source = { system: info, planned, attacked };
    const target = { system: { ...info, name: 'other' }, clean };
    const result = transferResult(
      dataset.info,
      { sources: [source], targets: [target], pairs: [{ source, target, shown }] },
      collectedRows(
        [
          collected(attacked, {
            correct: { shape: [2], data: Uint8Array.of(1, 1) },
            brokenAt: { shape: [2], data: Int32Array.of(0, -1) },
            adversarial: { shape: [2], data: Uint8Array.of(1, 1) },
          }),
          collected(clean, { logits: logits([1, 0, 1, 0]) }),
          collected(shown, {
            distance: { shape: [2], data: Float64Array.of(0.12, 0.3) },
            logits: logits([0, 1, 0, 1]),
          }),
        ],
        [attacked, clean, shown],
      ),
    );
    expect(result?.pairs[0]).toMatchObject({
      lost: [true, false],
      accuracy: { value: 0.5 },
      rate: { value: 1, n: 1 },
    });
  });
});
