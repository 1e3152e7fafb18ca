// @module-tag slow
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { check } from '../../src/config/validate.js';
import type { Dataset } from '../../src/data/dataset.js';
import { planRun } from '../../src/runs/plan/plan.js';
import { runEvaluation } from '../../src/runs/run-evaluation.js';
import { scores } from '../../src/scores/registry.js';
import type { FitPart } from '../../src/scores/score.js';
import { builtinCatalogue } from '../../src/suites/catalogue.js';
import { optionsOf } from '../../src/suites/contract.js';
import type { Results } from '../../src/suites/results.js';
import { ood } from '../../suites/ood/index.js';
import { linearSystem } from '../suites/helpers/linear-system.js';
import { memoryDataset } from '../suites/helpers/memory-dataset.js';
import { entryOf, evaluationOf, folder, points } from './small-run.js';

const system = linearSystem({
  name: 'plus',
  weights: [
    [1, 0],
    [0, 1],
  ],
  offers: ['logits', 'logPx', 'inputGradient', 'features'],
});
const test = points(30);
const far = points(20, { name: 'far', role: 'ood', fingerprint: 'far' });
// More than a unit of features holds.
const train = (n = 1100) => points(n, { name: 'train', role: 'train' });
const entryWith = (scores: readonly unknown[]) =>
  entryOf(ood, check(optionsOf(ood, builtinCatalogue), { scores, resamples: 100 }, { what: 'ood' }));
const entry = entryWith(['mahalanobis', 'max-logit']);

async function run(out: string, datasets: readonly Dataset[], asked = entry) {
  const { exitCode } = await runEvaluation(
    {
      title: 'fitted',
      file: 'fitted.run.yaml',
      directory: out,
      config: {},
      evaluation: evaluationOf([system], datasets),
      entries: [asked],
      gates: [],
      expectations: [],
      partial: new Set(),
      warnings: [],
    },
    { out, signal: new AbortController().signal, notify: () => undefined },
  );
  expect(exitCode).toBe(0);
  const results: Results = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8'));
  return results;
}

it('fits a score to training images, once, and measures with it', async () => {
  const out = folder();
  const results = await run(out, [test, far, train()]);
  const kinds = results.costs.map(({ measurement, dataset, units }) => [measurement, dataset, units]);
  expect(kinds).toEqual(
    expect.arrayContaining([
      ['features', 'train', 3],
      ['fit', 'train', 1],
      ['fitted-score', 'test', 1],
    ]),
  );
  // The same by hand: the features of the linear system are its pixels.
  const read = async (set: Dataset) => set.read(0, set.info.size);
  const featuresOf = ({ n, pixels }: { n: number; pixels: Float32Array }) => ({ n, width: 2, data: pixels });
  async function* all(): AsyncGenerator<FitPart> {
    const examples = await read(train());
    yield { features: featuresOf(examples), labels: examples.labels ?? new Int32Array(0) };
  }
  const score = scores.named('mahalanobis');
  const statistics = await score.fit?.statistics(all(), { width: 2, classes: 2, images: 1100, seed: 0 }, {});
  const examples = await read(test);
  const wanted = score.compute({ n: 30, features: featuresOf(examples), statistics }, { temperature: 1 });
  const sheet = readFileSync(join(out, 'examples', 'ood.csv'), 'utf8')
    .trim()
    .split('\n');
  const column = sheet[0]!.split(',').indexOf('mahalanobis');
  const found = sheet.slice(1, 31).map((line) => Number(line.split(',')[column]));
  for (const [i, value] of found.entries()) expect(value).toBeCloseTo(wanted[i]!, 9);
  expect(
    results.measures.some(({ measure, params }) => measure === 'auroc' && params.score === 'mahalanobis'),
  ).toBe(true);
});

it('measures nothing again in a finished run', async () => {
  const out = folder();
  const first = await run(out, [test, far, train(60)]);
  const units = readdirSync(join(out, 'units')).sort();
  const again = await run(out, [test, far, train(60)]);
  expect(readdirSync(join(out, 'units')).sort()).toEqual(units);
  expect(again.measures).toEqual(first.measures);
});

it('asks the system once for scores with one probe, and not again in a finished run', async () => {
  const asked = entryWith(['odin', 'refine', 'refine-l2', { odin: { temperature: 1 } }]);
  const out = folder();
  const first = await run(out, [test, far], asked);
  const probes = first.costs.filter(({ measurement }) => measurement === 'probe');
  // ODIN twice, its step depending on T, and one chain for two scores; on two sets.
  expect(probes).toHaveLength(6);
  const passes = probes.reduce((sum, cost) => sum + cost.forward + cost.gradient, 0);
  expect(passes).toBe(50 * (2 * 3 + 11));
  const units = readdirSync(join(out, 'units')).sort();
  const again = await run(out, [test, far], asked);
  expect(readdirSync(join(out, 'units')).sort()).toEqual(units);
  expect(again.measures).toEqual(first.measures);
  expect(first.measures.some(({ params }) => params.score === 'refine-l2')).toBe(true);
});

it('has the fit in the keys of what reads it', () => {
  const keys = (n: number) => {
    const { jobs } = planRun([entry], evaluationOf([system], [test, far, train(n)]));
    return Object.fromEntries(
      jobs.map(({ key, request }) => [`${request.measurement.name} on ${request.dataset}`, key]),
    );
  };
  const [some, more] = [keys(60), keys(61)];
  const changed = Object.keys(some).filter((name) => some[name] !== more[name]);
  expect(changed.sort()).toEqual([
    'best-score on test',
    'features on train',
    'fit on train',
    'fitted-score on far',
    'fitted-score on test',
    'hardest-images on far',
    'hardest-images on test',
  ]);
});

it('says what is missing without training images, or without their labels', async () => {
  const unlabelled = points(30, { name: 'train', role: 'train', labels: undefined, labelled: false });
  for (const datasets of [
    [test, far],
    [test, far, unlabelled],
  ]) {
    const results = await run(folder(), datasets);
    expect(results.notApplicable).toEqual([
      {
        suite: 'ood',
        model: 'plus',
        what: 'Mahalanobis',
        reason: 'Mahalanobis is fitted: the run has no labelled data set with `role: train`',
      },
    ]);
    expect(results.measures.some(({ params }) => params.score === 'max-logit')).toBe(true);
  }
});

const oneClass = memoryDataset({
  images: Array.from({ length: 60 }, (_, i) => [0.6 + (i % 7) / 100, ((3 * i) % 5) / 10]),
  labels: new Array(60).fill(0),
  name: 'train',
  role: 'train',
});
const twoImages = memoryDataset({
  images: Array.from({ length: 60 }, (_, i) => (i % 2 ? [0.1, 0.9] : [0.9, 0.1])),
  labels: Array.from({ length: 60 }, (_, i) => i % 2),
  name: 'train',
  role: 'train',
});

it.each([
  {
    given: 'a class without training images',
    datasets: [test, far, oneClass],
    scores: ['mahalanobis', 'rmds', 'mds++', 'max-logit'],
    what: 'Mahalanobis, relative Mahalanobis, Mahalanobis++',
    reason: /^a class has no image to fit a score to \(class 1\); expected an image of each of 2 classes; /,
  },
  {
    given: 'fewer training images than neighbours',
    datasets: [test, far, train(60)],
    scores: [{ knn: { k: 61 } }, 'knn', 'max-logit'],
    what: 'kNN (k = 61)',
    reason: /^a score keeps too few training images; expected at least 61, as many as its option k; found 60/,
  },
  {
    given: 'classes of one image over and over',
    datasets: [test, far, twoImages],
    scores: ['mahalanobis', 'max-logit'],
    what: 'Mahalanobis',
    reason:
      /^the features of each class are all alike: they have no covariance; found 60 images of 2 classes/,
  },
])('$given: the score is not applicable, and all else is measured', async (one) => {
  const out = folder();
  const results = await run(out, one.datasets, entryWith(one.scores));
  expect(results).toMatchObject({ status: 'complete', errors: [] });
  expect(results.notApplicable).toEqual([
    { suite: 'ood', model: 'plus', what: one.what, reason: expect.stringMatching(one.reason) },
  ]);
  const { reason } = results.notApplicable[0]!;
  const told = results.warnings.filter(({ code }) => code === 'not-to-be-measured');
  expect(told.map(({ message, severity }) => [message, severity])).toEqual([
    [`${one.what} of "plus" cannot be measured: ${reason}`, 'serious'],
  ]);
  const measured = new Set(results.measures.flatMap(({ params }) => params.score ?? []));
  expect([...measured]).toEqual(one.scores.includes('knn') ? ['knn', 'max-logit'] : ['max-logit']);
  // What was refused is stored, and not tried again.
  const units = readdirSync(join(out, 'units')).sort();
  const again = await run(out, one.datasets, entryWith(one.scores));
  expect(readdirSync(join(out, 'units')).sort()).toEqual(units);
  expect(again.notApplicable).toEqual(results.notApplicable);
});

it('options are chosen among those that can be computed, and the others are told', async () => {
  const val = points(20, { name: 'val', role: 'validation', fingerprint: 'val' });
  const valOod = points(20, { name: 'val-ood', role: 'validation-ood', fingerprint: 'val-ood' });
  const { suite, options } = entryWith(['knn', 'energy']);
  const asked = entryOf(suite, { ...Object(options), tune: { id: 'val', ood: 'val-ood' } });
  const results = await run(folder(), [test, far, train(30), val, valOod], asked);
  expect(results.notApplicable).toEqual([]);
  const measured = new Set(results.measures.flatMap(({ params }) => params.score ?? []));
  expect([...measured]).toEqual(['knn(tuned)', 'energy(tuned)']);
  const tables = results.suites.flatMap((one) => one.tables);
  const row = tables.find(({ id }) => id === 'tuned-options')!.rows[0]!;
  expect(row).toMatchObject({ before: null, grid: 'k: 50, 10, 20; impossible: k 50' });
  expect(['k 10', 'k 20']).toContain(row.chosen);
  const told = results.warnings.filter(({ code }) => code === 'settings-impossible');
  expect(told).toMatchObject([{ model: 'plus', message: expect.stringContaining('among 2 of 3 settings') }]);
  // With too few images for any, there is nothing to choose.
  const none = await run(folder(), [test, far, train(5), val, valOod], asked);
  expect(none.notApplicable).toEqual([
    { suite: 'ood', model: 'plus', what: 'kNN', reason: expect.stringContaining('at least 50') },
  ]);
});

it('stores features of training images once, whatever scores compare with them', async () => {
  const out = folder();
  const asked = entryWith([
    { knn: { k: 7 } },
    { nnguide: { k: 5 } },
    'relation',
    { knn: { k: 7, images: 50 } },
  ]);
  await run(out, [test, far, train(60)], asked);
  const { jobs } = planRun([asked], evaluationOf([system], [test, far, train(60)]));
  const banks = jobs
    .filter(({ request }) => request.measurement.name === 'fit')
    .map((job) => [job.request.params, [...job.columns.keys()]] as const);
  expect(banks.map(([, names]) => names)).toEqual([
    ['size'],
    ['energies', 'size'],
    ['probabilities', 'size'],
    ['bank', 'size'],
  ]);
  // The same by hand, with a bank of its own.
  const read = async (set: Dataset) => {
    const { n, pixels, labels = new Int32Array(n), ...rest } = await set.read(0, set.info.size);
    const { logits } = await system.forward({ n, pixels, ...rest });
    return { n, features: { n, width: 2, data: pixels }, logits: { n, classes: 2, data: logits! }, labels };
  };
  async function* all(): AsyncGenerator<FitPart> {
    yield await read(train(60));
  }
  const sheet = readFileSync(join(out, 'examples', 'ood.csv'), 'utf8')
    .trim()
    .split('\n');
  for (const [id, options, column] of [
    ['knn', { k: 7, images: 0 }, 'knn(k=7)'],
    ['nnguide', { k: 5, images: 0 }, 'nnguide(k=5)'],
    ['relation', { power: 1, least: 0.03, images: 0 }, 'relation'],
  ] as const) {
    const score = scores.named(id);
    const statistics = await score.fit!.statistics(
      all(),
      { width: 2, classes: 2, images: 60, seed: 0 },
      options,
    );
    const wanted = score.compute({ ...(await read(test)), statistics }, options);
    const at = sheet[0]!.split(',').indexOf(column);
    expect(at).toBeGreaterThan(0);
    const found = sheet.slice(1, 31).map((line) => Number(line.split(',')[at]));
    found.forEach((value, i) => {
      expect(value).toBeCloseTo(wanted[i]!, 12);
    });
  }
});

it('measures training images again that were damaged, before a score is fitted to them', async () => {
  const out = folder();
  const first = await run(out, [test, far, train(60)]);
  const jobs = planRun([entry], evaluationOf([system], [test, far, train(60)])).jobs;
  const unitsOf = (name: string) =>
    jobs.filter(({ request }) => request.measurement.name === name && request.dataset === 'train');
  const features = unitsOf('features')[0]!;
  const fit = unitsOf('fit')[0]!;
  const file = join(out, 'units', `${features.units[0]!.key}.unit`);
  const bytes = readFileSync(file);
  bytes[bytes.length - 40]! ^= 1;
  writeFileSync(file, bytes);
  rmSync(join(out, 'units', `${fit.units[0]!.key}.unit`));
  const again = await run(out, [test, far, train(60)]);
  expect(again.measures).toEqual(first.measures);
});
