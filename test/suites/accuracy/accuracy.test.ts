import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accuracy } from '../../../suites/accuracy/index.js';
import { linearSystem } from '../helpers/linear-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { codes, measureOf, runSuite, sheetOf } from '../helpers/run-suite.js';

const identity = (classes: number) =>
  Array.from({ length: classes }, (_, i) => Array.from({ length: classes }, (_, j) => (i === j ? 1 : 0)));
/** Images whose logits, through the identity, are log p. */
const logs = (rows: readonly (readonly number[])[]) => rows.map((row) => row.map(Math.log));

describe('known answers', () => {
  const images = logs([
    [0.2, 0.8],
    [0.7, 0.3],
    [0.4, 0.6],
  ]);
  const datasets = [memoryDataset({ images, labels: [1, 0, 0] })];
  const systems = [linearSystem({ weights: identity(2), classes: ['cat', 'dog'] })];

  it('accuracy, NLL, Brier, per class', async () => {
    const outcome = await runSuite(accuracy, { systems, datasets });
    expect(measureOf(outcome, 'accuracy')).toMatchObject({
      value: 2 / 3,
      n: 3,
      method: 'wilson',
      better: 'higher',
      headline: true,
    });
    const nll = -(Math.log(0.8) + Math.log(0.7) + Math.log(0.4)) / 3;
    expect(measureOf(outcome, 'nll').value).toBeCloseTo(nll, 6);
    expect(measureOf(outcome, 'brier').value).toBeCloseTo((0.08 + 0.18 + 0.72) / 3, 6);
    expect(measureOf(outcome, 'class-accuracy', { class: 'cat' })).toMatchObject({ value: 0.5, n: 2 });
    expect(measureOf(outcome, 'class-accuracy', { class: 'dog' })).toMatchObject({ value: 1, n: 1 });
    expect(codes(outcome)).toEqual(['few-examples', 'not-above-chance']);
  });
  it('models are ranked by top-k as by accuracy, classes within a model are not', async () => {
    const three = linearSystem({ weights: identity(3) });
    const labelled = memoryDataset({ images: identity(3), labels: [0, 1, 2] });
    const { summary } = await runSuite(accuracy, {
      systems: [three],
      datasets: [labelled],
      options: { topK: [2] },
    });
    const betterIn = (id: string) =>
      summary.tables?.find((table) => table.id === id)?.columns.map(({ key, better }) => [key, better]);
    expect(betterIn('accuracy-test')).toEqual(
      expect.arrayContaining([
        ['accuracy', 'higher'],
        ['top-2', 'higher'],
      ]),
    );
    expect(betterIn('class-accuracy-test')).toContainEqual(['model linear', 'none']);
  });
  it('the confusion matrix counts labels in rows and predictions in columns', async () => {
    const { summary } = await runSuite(accuracy, { systems, datasets });
    expect(summary.tables?.find(({ id }) => id === 'confusion-linear-test')?.rows).toEqual([
      { label: 'cat', 'class 0': 1, 'class 1': 1 },
      { label: 'dog', 'class 0': 0, 'class 1': 1 },
    ]);
  });
  it('top-k counts the label among the k largest', async () => {
    const outcome = await runSuite(accuracy, { systems, datasets, options: { topK: [2] } });
    expect(measureOf(outcome, 'top-k-accuracy', { k: 2 }).value).toBe(1);
  });
});

describe('sheets', () => {
  it('hold what every measure is computed from', async () => {
    const images = Array.from({ length: 40 }, (_, i) => [Math.sin(i), Math.cos(3 * i), Math.sin(7 * i)]);
    const labels = images.map((_, i) => (i + (i >> 2)) % 3);
    const outcome = await runSuite(accuracy, {
      systems: [linearSystem({ weights: identity(3) })],
      datasets: [memoryDataset({ images, labels, indices: images.map((_, i) => 100 + i) })],
    });
    const rows = sheetOf(outcome);
    const mean = (of: (row: (typeof rows)[number]) => number) =>
      rows.reduce((s, r) => s + of(r), 0) / rows.length;
    expect(rows.map(({ index }) => index)).toEqual(images.map((_, i) => 100 + i));
    expect(mean((r) => (r.label === r.prediction ? 1 : 0))).toBe(measureOf(outcome, 'accuracy').value);
    expect(mean((r) => (r.correct ? 1 : 0))).toBe(measureOf(outcome, 'accuracy').value);
    expect(mean((r) => Number(r.nll))).toBeCloseTo(measureOf(outcome, 'nll').value ?? Number.NaN, 12);
    expect(mean((r) => Number(r.brier))).toBeCloseTo(measureOf(outcome, 'brier').value ?? Number.NaN, 12);
    for (const k of [0, 1, 2]) {
      const own = rows.filter(({ label }) => label === k);
      const { value, n } = measureOf(outcome, 'class-accuracy', { class: `class ${k}` });
      expect(n).toBe(own.length);
      expect(value).toBe(own.filter(({ correct }) => correct).length / own.length);
    }
  });
});

describe('invariance', () => {
  const example = fc.record({
    image: fc.array(
      fc.integer({ min: -40, max: 40 }).map((v) => v / 10),
      { minLength: 3, maxLength: 3 },
    ),
    label: fc.integer({ min: 0, max: 2 }),
  });
  const run = async (examples: { image: number[]; label: number }[], chunk: number, batchSize: number) => {
    const outcome = await runSuite(accuracy, {
      systems: [linearSystem({ weights: identity(3), batchSize })],
      datasets: [
        memoryDataset({ images: examples.map((e) => e.image), labels: examples.map((e) => e.label) }),
      ],
      options: { resamples: 100 },
      chunk,
    });
    return outcome.summary.measures;
  };
  it('units and batches change nothing, the order of examples no value', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(example, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        async (examples, chunk, batchSize) => {
          const plain = await run(examples, 64, 64);
          expect(await run(examples, chunk, batchSize)).toEqual(plain);
          const reversed = await run([...examples].reverse(), 64, 64);
          reversed.forEach(({ value }, i) => {
            if (plain[i]!.value === null) expect(value).toBeNull();
            else expect(value).toBeCloseTo(plain[i]!.value, 12);
          });
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('plan', () => {
  it('asks for one shared pass per system and labelled test set', async () => {
    const labelled = memoryDataset({ images: [[0, 1]], labels: [1] });
    const bare = memoryDataset({ name: 'bare', images: [[0, 1]] });
    const letters = memoryDataset({ name: 'letters', role: 'ood', images: [[0, 1]], labels: [0] });
    const { requests, summary } = await runSuite(accuracy, {
      systems: [linearSystem({ weights: identity(2) })],
      datasets: [labelled, bare, letters],
    });
    expect(requests.map((r) => [r.measurement.name, r.dataset])).toEqual([['clean', 'test']]);
    expect(summary.notApplicable).toEqual([
      { suite: 'accuracy', model: 'linear', what: 'bare', reason: 'the data set "bare" has no labels' },
    ]);
  });
  it('without a test set nothing is applicable', async () => {
    const { summary } = await runSuite(accuracy, {
      systems: [linearSystem({ weights: identity(2) })],
      datasets: [],
    });
    expect(summary.measures).toEqual([]);
    expect(summary.notApplicable).toHaveLength(1);
  });
});

describe('warnings and bad input', () => {
  const one = (given: { images: number[][]; labels: number[]; classes?: number; noise?: number }) =>
    runSuite(accuracy, {
      systems: [linearSystem({ weights: identity(given.classes ?? 2), noise: given.noise })],
      datasets: [memoryDataset({ images: given.images, labels: given.labels })],
      options: { resamples: 100 },
    });
  const many = (image: (i: number) => number[], label: (i: number) => number) => ({
    images: Array.from({ length: 200 }, (_, i) => image(i)),
    labels: Array.from({ length: 200 }, (_, i) => label(i)),
  });
  const right = (i: number) => (i % 2 ? [0, 5] : [5, 0]);
  it.each([
    ['a good model', many(right, (i) => i % 2), []],
    ['labels in another order', many(right, (i) => (i + 1) % 2), ['not-above-chance']],
    [
      'one answer for all',
      many(
        () => [1, 0],
        (i) => i % 2,
      ),
      ['one-class-predicted'],
    ],
    ['one label for all', many(right, () => 0), ['one-class-labels']],
    [
      'a class without examples',
      {
        ...many(
          (i) => [...right(i), -9],
          (i) => i % 2,
        ),
        classes: 3,
      },
      ['classes-without-examples'],
    ],
    [
      'one class',
      {
        ...many(
          () => [1],
          () => 0,
        ),
        classes: 1,
      },
      ['single-class'],
    ],
    ['a stochastic system', { ...many(right, (i) => i % 2), noise: 0.01 }, ['single-draw']],
    ['a single example', { images: [[5, 0]], labels: [0] }, ['few-examples', 'one-class-labels']],
    ['no example', { images: [], labels: [] }, ['few-examples']],
  ])('%s', async (_, given, expected) => {
    expect(codes(await one(given))).toEqual(expected);
  });
  it('an empty set has null measures that say why', async () => {
    expect(measureOf(await one({ images: [], labels: [] }), 'accuracy')).toMatchObject({
      value: null,
      interval: null,
      note: 'no examples',
    });
  });
  it.each([
    ['NaN', [[0, Number.NaN]], [0], /logit is not finite.*"linear" on "test"/],
    ['a label out of range', [[0, 1]], [2], /label is not a class.*"linear" on "test"/],
  ])('%s is refused with its place', async (_, images, labels, message) => {
    await expect(one({ images, labels })).rejects.toThrow(message);
  });
  it('noise of stochastic systems depends on the example alone', async () => {
    const given = many(right, (i) => i % 2);
    const run = (chunk: number, batchSize: number) =>
      runSuite(accuracy, {
        systems: [linearSystem({ weights: identity(2), noise: 3, batchSize })],
        datasets: [memoryDataset(given)],
        chunk,
      });
    expect((await run(13, 5)).summary.measures).toEqual((await run(200, 64)).summary.measures);
  });
});

it('many classes: the worst are listed, and the matrix becomes a list of confusions', async () => {
  const classes = 60;
  const images = Array.from({ length: 120 }, (_, i) =>
    Array.from({ length: classes }, (_, k) => (k === (i % 7 === 0 ? 3 : i % classes) ? 1 : 0)),
  );
  const { summary } = await runSuite(accuracy, {
    systems: [linearSystem({ weights: identity(classes) })],
    datasets: [memoryDataset({ images, labels: images.map((_, i) => i % classes) })],
    options: { resamples: 100 },
  });
  const rows = (id: string) => summary.tables?.find((table) => table.id === id)?.rows ?? [];
  expect(rows('class-accuracy-test')).toHaveLength(50);
  expect(rows('class-accuracy-test')[0]!['model linear']).toMatchObject({ value: 0.5 });
  expect(rows('confusion-linear-test')[0]).toMatchObject({ prediction: 'class 3', count: 1 });
  expect(summary.figures).toEqual([]);
  expect(summary.measures.filter(({ measure }) => measure === 'class-accuracy')).toHaveLength(classes);
});
