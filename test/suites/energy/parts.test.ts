import { describe, expect, it } from 'vitest';
import { check } from '../../../src/config/validate.js';
import { builtinCatalogue } from '../../../src/suites/catalogue.js';
import { energy } from '../../../suites/energy/index.js';
import { energyOptions } from '../../../suites/energy/options.js';
import { linearSystem } from '../helpers/linear-system.js';
import { type MemoryOptions, memoryDataset } from '../helpers/memory-dataset.js';
import { measureOf, runSuite, sheetOf } from '../helpers/run-suite.js';

/** What is not looked at here. */
const CHEAP = {
  path: { examples: 0 },
  lipschitz: { examples: 0 },
  resamples: 100,
  permutations: 99,
  traces: { chains: 0 },
};

/** log p(x) = 3 x0 + 4 x1, whose gradient has length 5; the input of the model is 2 x - 1. */
const plane = linearSystem({ name: 'plane', weights: [[3, 4]], energy: 'output', inputScale: [2] });
const set = (name: string, images: MemoryOptions['images'], more: Partial<MemoryOptions> = {}) =>
  memoryDataset({ name, images, ...more });

const test = set('test', [
  [0, 0.25],
  [0.5, 0.5],
]);

describe('gradient norms', () => {
  it("are in units of the model's own input", async () => {
    const found = await runSuite(energy, { systems: [plane], datasets: [test], options: CHEAP });
    expect(measureOf(found, 'gradient-norm-mean').value).toBeCloseTo(2.5, 6);
    expect(measureOf(found, 'gradient-norm-median').value).toBeCloseTo(2.5, 6);
    expect(sheetOf(found)[1]).toMatchObject({ gradient_norm: 2.5, log_px: 3.5 });
  });

  it('are left out when they are not wanted, and not applicable without gradients', async () => {
    const without = await runSuite(energy, {
      systems: [plane],
      datasets: [test],
      options: { ...CHEAP, gradients: false },
    });
    expect(without.requests).toHaveLength(1);
    expect(without.summary.notApplicable?.map(({ what }) => what)).not.toContain('gradient norms');
    const forwardOnly = linearSystem({
      name: 'forward only',
      weights: [[3, 4]],
      energy: 'output',
      offers: ['logPx'],
      lacks: { inputGradient: 'an op has no gradient' },
    });
    const found = await runSuite(energy, { systems: [forwardOnly], datasets: [test], options: CHEAP });
    expect(found.summary.notApplicable).toContainEqual({
      suite: 'energy',
      model: 'forward only',
      what: 'gradient norms',
      reason: 'an op has no gradient',
    });
  });
});

/** log p(x) grows with x; the prediction is always class 0. */
const growing = linearSystem({ name: 'growing', weights: [[4], [3.9], [2]] });

describe('accuracy by log p(x)', () => {
  // Nine images in ascending order of log p(x); the first three are wrong, and one later on.
  const images = Array.from({ length: 9 }, (_, i) => [0.1 + i / 10]);
  const labels = [1, 1, 2, 0, 0, 1, 0, 0, 0];
  const given = { systems: [growing], datasets: [set('test', images, { labels })], options: CHEAP };

  it('is that of each part, from the least likely images', async () => {
    const found = await runSuite(energy, { ...given, options: { ...CHEAP, quantiles: 3, bins: 1 } });
    const of = (name: string, quantile: number) => measureOf(found, name, { quantile });
    expect([1, 2, 3].map((q) => of('accuracy-in-quantile', q).value)).toEqual([0, 2 / 3, 1]);
    expect(of('accuracy-in-quantile', 2)).toMatchObject({ n: 3, method: 'wilson' });
    // With one bin ECE is |accuracy - mean confidence|.
    const confidence = sheetOf(found)
      .slice(0, 3)
      .reduce((sum, row) => sum + Number(row.confidence) / 3, 0);
    expect(of('ece-in-quantile', 1).value).toBeCloseTo(confidence, 9);
    expect(sheetOf(found).map(({ quantile }) => quantile)).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3]);
  });

  it('gives the risk of what is kept, the highest log p(x) first', async () => {
    const found = await runSuite(energy, given);
    // Errors among the 1, 2, ... 9 likeliest images.
    const errors = [0, 0, 0, 1, 1, 1, 2, 3, 4];
    const area = errors.reduce((sum, wrong, k) => sum + wrong / (k + 1) / 9, 0);
    expect(measureOf(found, 'aurc', { score: 'log-px' }).value).toBeCloseTo(area, 9);
    // Confidence grows with x here, as log p(x) does.
    expect(measureOf(found, 'aurc', { score: 'max-softmax' }).value).toBeCloseTo(area, 9);
  });

  it('puts equal log p(x) into one part, and leaves the others without a value', async () => {
    const same = set('test', [[0.5], [0.5], [0.5], [0.5]], { labels: [0, 0, 1, 0] });
    const found = await runSuite(energy, {
      systems: [growing],
      datasets: [same],
      options: { ...CHEAP, quantiles: 2 },
    });
    expect(measureOf(found, 'accuracy-in-quantile', { quantile: 1 })).toMatchObject({ value: 0.75, n: 4 });
    expect(measureOf(found, 'accuracy-in-quantile', { quantile: 2 })).toMatchObject({ value: null, n: 0 });
  });

  it('does not apply without logits or labels', async () => {
    const unlabelled = await runSuite(energy, {
      systems: [growing],
      datasets: [set('test', images)],
      options: CHEAP,
    });
    expect(unlabelled.summary.notApplicable?.map(({ what }) => what)).toContain('accuracy by log p(x)');
  });
});

describe('typicality', () => {
  const line = linearSystem({ name: 'line', weights: [[1]], energy: 'output' });
  const at = (name: string, values: readonly number[], more: Partial<MemoryOptions> = {}) =>
    set(
      name,
      values.map((value) => [value]),
      more,
    );
  const validation = at('held out', [0.4, 0.5, 0.6], { role: 'validation' });
  const datasets = [at('test', [0.45, 0.5, 0.7]), validation, at('bright', [0.9, 0.52], { role: 'ood' })];

  it('is the distance from the mean of images that are not reported', async () => {
    const found = await runSuite(energy, { systems: [line], datasets, options: CHEAP });
    // The mean is 0.5, and 95 % of three distances are at most 0.1.
    expect(measureOf(found, 'atypical-share', { dataset: 'test' })).toMatchObject({
      value: 1 / 3,
      n: 3,
      params: { fit: 'held out' },
    });
    expect(measureOf(found, 'atypical-share', { dataset: 'bright' }).value).toBe(0.5);
    expect(found.summary.measures.filter(({ measure }) => measure === 'atypical-share')).toHaveLength(2);
    // Distances 0.4 and 0.02 against 0.05, 0 and 0.2: 3 + 1 of 6.
    expect(measureOf(found, 'typicality-auroc').value).toBeCloseTo(4 / 6, 12);
    expect(Number(sheetOf(found)[2]!.typicality)).toBeCloseTo(0.2, 6);
  });

  it('is fitted where the run file says, but not to the test set', async () => {
    const run = (fit: string) => runSuite(energy, { systems: [line], datasets, options: { ...CHEAP, fit } });
    expect(measureOf(await run('bright'), 'atypical-share', { dataset: 'held out' }).params).toEqual({
      fit: 'bright',
    });
    await expect(run('test')).rejects.toMatchObject({ code: 'config-invalid', details: { path: 'fit' } });
    await expect(run('brigth')).rejects.toThrow('brigth');
    const none = await runSuite(energy, {
      systems: [line],
      datasets: [datasets[0]!, datasets[2]!],
      options: CHEAP,
    });
    expect(none.summary.notApplicable?.map(({ what }) => what)).toContain('typicality');
  });

  it('tells a wrong data set before anything is measured', () => {
    const context = {
      systems: [line.info],
      datasets: datasets.map(({ info }) => info),
      seed: 0,
      catalogue: builtinCatalogue,
    };
    const plan = (fit: string) =>
      energy.plan(context, check(energyOptions(builtinCatalogue), { ...CHEAP, fit }, { what: 'options' }));
    expect(() => plan('test')).toThrow('typicality cannot be fitted');
    expect(() => plan('brigth')).toThrow('brigth');
    expect(plan('held out').length).toBeGreaterThan(0);
  });
});
