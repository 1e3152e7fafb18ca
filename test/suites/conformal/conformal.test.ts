import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AssayError } from '../../../src/errors.js';
import { softmax } from '../../../src/metrics/softmax.js';
import { stream } from '../../../src/random/stream.js';
import { nameOfBar } from '../../../suites/conformal/figures.js';
import { conformal } from '../../../suites/conformal/index.js';
import { linearSystem } from '../helpers/linear-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { codes, measureOf, type Outcome, runSuite, sheetOf } from '../helpers/run-suite.js';

const identity = (classes: number) =>
  Array.from({ length: classes }, (_, i) => Array.from({ length: classes }, (_, j) => (i === j ? 1 : 0)));
const systems = [linearSystem({ weights: identity(4) })];
const quick = { resamples: 100, slabDirections: 5 };

/** Images that are logits, and labels drawn from what these say, or, `apart`, from what they do not. */
function sampled(n: number, { seed = 0, classes = 4, apart = 1 } = {}) {
  const images: number[][] = [];
  const labels: number[] = [];
  for (let example = 0; example < n; example++) {
    const draws = stream({ seed, purpose: 'test/sampled', example });
    const logits = Array.from({ length: classes }, () => 2 * draws.normal());
    const p = softmax({ n: 1, classes, data: logits.map((l) => l * apart) });
    let rest = draws.uniform();
    const label = p.findIndex((share) => (rest -= share) < 0);
    images.push(logits);
    labels.push(label < 0 ? classes - 1 : label);
  }
  return { images, labels };
}

const held = (n: number, seed = 99, rest = {}) =>
  memoryDataset({ name: 'held', role: 'validation', ...sampled(n, { seed }), ...rest });

const rowsOf = (outcome: Outcome, where: Record<string, unknown>) =>
  sheetOf(outcome).filter((row) => Object.entries(where).every(([key, value]) => row[key] === value));

const options = { ...quick, scores: ['lac', 'aps', 'raps', 'saps', 'margin'] };

describe('thresholds from a validation set', () => {
  it('give sets of the whole test set that cover as often as they should', async () => {
    const outcome = await runSuite(conformal, {
      systems,
      datasets: [memoryDataset(sampled(600)), held(500)],
      options,
    });
    for (const score of options.scores) {
      const where = { score, alpha: 0.1 };
      const coverage = measureOf(outcome, 'coverage', where);
      expect(coverage).toMatchObject({ n: 600, method: 'clopper-pearson', params: { fittedOn: '"held"' } });
      // Beta(451, 50) over calibration sets, and 600 test examples.
      expect(coverage.value).toBeGreaterThan(0.84);
      expect(coverage.value).toBeLessThan(0.96);
      expect(measureOf(outcome, 'mean-set-size', where).value).toBeGreaterThan(1);
    }
    expect(codes(outcome)).toEqual([]);
    expect(measureOf(outcome, 'mean-set-size', { score: 'lac', alpha: 0.1 }).headline).toBe(true);
    expect(outcome.summary.measures.filter(({ headline }) => headline)).toHaveLength(1);
  });
  it.each([
    [0, 0, 10, '0'],
    [10, 10, 10, '10'],
    [10, 10, 12, '10-12'],
    [10, 10, 100, '10-19'],
    [1000, 16, 1000, '1000'],
    [1000, 16, 21841, '1000-21841'],
  ])('a bar of sizes from %i on, number %i, of %i classes is called %s', (start, bar, most, name) => {
    expect(nameOfBar(start, bar, most)).toBe(name);
  });

  it('several settings of one score stand beside each other, each as it is alone', async () => {
    const datasets = [memoryDataset(sampled(200)), held(120)];
    const given = (scores: unknown, rest = {}) =>
      runSuite(conformal, { systems, datasets, options: { ...quick, alphas: [0.2], scores, ...rest } });
    const outcome = await given([
      'raps',
      { raps: { lambda: 0.2, kreg: 1 } },
      { raps: { lambda: 0.01 } },
      { saps: { weight: 0.5 } },
    ]);
    const sizes = outcome.summary.measures.filter(({ measure }) => measure === 'mean-set-size');
    expect(sizes.map(({ params }) => params.score)).toEqual([
      'raps',
      'raps(lambda=0.2,kreg=1)',
      'saps(weight=0.5)',
    ]);
    expect(sizes[1]).toMatchObject({ params: { lambda: 0.2, kreg: 1 } });
    expect(sizes[1]!.title).toContain('RAPS (lambda = 0.2, kreg = 1)');
    const alone = await given(['raps', 'saps'], { raps: { lambda: 0.2, kreg: 1 }, saps: { weight: 0.5 } });
    for (const [name, as] of [
      ['raps(lambda=0.2,kreg=1)', 'raps'],
      ['saps(weight=0.5)', 'saps'],
    ])
      expect(measureOf(outcome, 'mean-set-size', { score: name! }).value).toBe(
        measureOf(alone, 'mean-set-size', { score: as! }).value,
      );
    expect(sizes[1]!.value).not.toBe(sizes[0]!.value);
    const ids = outcome.summary.figures?.map(({ id }) => id) ?? [];
    expect(ids).toContain('conformal-sizes-raps-lambda-0-2-kreg-1-test');
    expect(new Set(ids).size).toBe(ids.length);
  });
  it.each([
    [{ raps: { lamda: 1 } }, /lamda/],
    [{ raps: { lambda: -1 } }, /lambda/],
    [{ lac: { lambda: 1 } }, /lac/],
  ])('refuses %j', async (entry, said) => {
    const wrong = runSuite(conformal, {
      systems,
      datasets: [memoryDataset(sampled(20)), held(20)],
      options: { ...quick, scores: [entry] },
    });
    const error = await wrong.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'config-invalid' });
    expect((error as AssayError).explain()).toMatch(said);
  });
  it('can be taken again from the sheet, and so can every share', async () => {
    const outcome = await runSuite(conformal, {
      systems,
      datasets: [memoryDataset(sampled(200)), held(120)],
      options: { ...options, alphas: [0.2] },
    });
    for (const score of options.scores) {
      const fitted = rowsOf(outcome, { score, split: 'fitted' }).map((row) => Number(row.label_score));
      const rows = rowsOf(outcome, { score, alpha: 0.2 });
      // ceil(121 x 0.8) = 97.
      expect(rows[0]!.threshold).toBe(fitted.sort((a, b) => a - b)[96]);
      for (const row of rows) expect(row.covered).toBe(Number(row.label_score) <= Number(row.threshold));
      const share = (of: (row: (typeof rows)[number]) => boolean, among = rows) =>
        among.filter(of).length / among.length;
      const value = (name: string) => measureOf(outcome, name, { score }).value;
      expect(value('coverage')).toBe(share(({ covered }) => covered === true));
      expect(value('empty-sets')).toBe(share(({ size }) => size === 0));
      const single = rows.filter(({ size }) => size === 1);
      expect(value('singleton-accuracy')).toBe(share(({ covered }) => covered === true, single));
      expect(value('singleton-hit-ratio')).toBe(share(({ covered, size }) => covered === true && size === 1));
      const slab = rows.filter((row) => row.slab === true);
      expect(value('worst-slab-coverage')).toBe(share(({ covered }) => covered === true, slab));
    }
  });
  it('what is in both sets is not fitted on, and said', async () => {
    const { images, labels } = sampled(300);
    const cut = (from: number, to: number) => ({
      images: images.slice(from, to),
      labels: labels.slice(from, to),
      indices: images.map((_, i) => i).slice(from, to),
      path: 'all.npz',
    });
    const outcome = await runSuite(conformal, {
      systems,
      datasets: [
        memoryDataset(cut(0, 200)),
        memoryDataset({ ...cut(150, 300), name: 'held', role: 'validation' }),
      ],
      options: quick,
    });
    expect(rowsOf(outcome, { score: 'lac', split: 'fitted' })).toHaveLength(100);
    expect(codes(outcome)).toContain('validation-overlaps-test');
  });
  it('of another distribution are told', async () => {
    const outcome = await runSuite(conformal, {
      systems,
      datasets: [memoryDataset(sampled(400, { apart: -1 })), held(400)],
      options: { ...quick, scores: ['lac'], alphas: [0.1] },
    });
    expect(codes(outcome)).toEqual(['coverage-below-guarantee']);
  });
  it('that are too few are infinite, and said', async () => {
    const outcome = await runSuite(conformal, {
      systems,
      datasets: [memoryDataset(sampled(120)), held(18)],
      options: { ...quick, scores: ['lac', 'aps', 'margin'], alphas: [0.05] },
    });
    // Once, whatever the scores are.
    expect(codes(outcome)).toEqual(['threshold-infinite']);
    expect(outcome.summary.warnings?.[0]?.fix).toContain('at least 19 examples');
    expect(measureOf(outcome, 'mean-set-size', { score: 'lac' }).value).toBe(4);
    expect(measureOf(outcome, 'coverage', { score: 'lac' }).value).toBe(1);
    const enough = await runSuite(conformal, {
      systems,
      datasets: [memoryDataset(sampled(120)), held(19)],
      options: { ...quick, scores: ['lac'], alphas: [0.05] },
    });
    expect(codes(enough)).not.toContain('threshold-infinite');
  });
  it('fitOn names a validation set, and no other', async () => {
    const datasets = [memoryDataset(sampled(50)), held(60)];
    const run = (fitOn: string) => runSuite(conformal, { systems, datasets, options: { ...quick, fitOn } });
    await expect(run('held')).resolves.toBeDefined();
    await expect(run('test')).rejects.toThrow('a threshold cannot be fitted on "test"');
    await expect(run('hold')).rejects.toThrow('no data set called "hold"');
  });
});

describe('without a validation set', () => {
  it('each test example calibrates or is reported, and never both, nor is what is made of it', async () => {
    const { images, labels } = sampled(300);
    const outcome = await runSuite(conformal, {
      systems,
      datasets: [
        memoryDataset({ images, labels }),
        memoryDataset({
          name: 'turned',
          images: images.map((image) => image.map((x) => -x)),
          labels,
          recipe: { by: 'invert', of: 'test', options: {} },
        }),
      ],
      options: { ...quick, scores: ['aps'], alphas: [0.1] },
    });
    const indices = (where: Record<string, unknown>) => rowsOf(outcome, where).map(({ index }) => index);
    const fitted = indices({ dataset: 'test', split: 'fitted' });
    const reported = indices({ dataset: 'test', split: 'reported' });
    expect(new Set([...fitted, ...reported]).size).toBe(300);
    expect(fitted.length + reported.length).toBe(300);
    expect(indices({ dataset: 'turned', split: 'reported' })).toEqual(reported);
    expect(indices({ dataset: 'turned', split: 'fitted' })).toEqual([]);
    expect(measureOf(outcome, 'coverage', { dataset: 'turned' }).value).toBeLessThan(0.7);
    // It is known to be another distribution: no fault of the calibration.
    expect(codes(outcome)).toEqual(['calibrated-on-test-split', 'coverage-not-guaranteed']);
  });
  it('sets of OOD images have sizes, and no coverage', async () => {
    const outcome = await runSuite(conformal, {
      systems,
      datasets: [
        memoryDataset(sampled(200)),
        memoryDataset({ name: 'far', role: 'ood', images: sampled(50, { seed: 5 }).images }),
      ],
      options: { ...quick, scores: ['lac'], alphas: [0.1] },
    });
    const measures = outcome.summary.measures.filter(({ dataset }) => dataset === 'far');
    expect(measures.map(({ measure }) => measure)).toEqual(['mean-set-size', 'empty-sets']);
    expect(measures[0]!.n).toBe(50);
    expect(outcome.summary.tables?.map(({ id }) => id)).toContain('conformal-ood');
  });
});

describe('what there is little of', () => {
  it.each([
    ['no example', 0],
    ['one example', 1],
  ])('%s', async (_, n) => {
    const outcome = await runSuite(conformal, {
      systems,
      datasets: [memoryDataset(sampled(n)), held(40)],
      options: quick,
    });
    expect(measureOf(outcome, 'coverage', { score: 'lac', alpha: 0.1 }).n).toBe(n);
  });
  it('no calibration example', async () => {
    const outcome = await runSuite(conformal, {
      systems,
      datasets: [memoryDataset(sampled(30)), held(0)],
      options: { ...quick, scores: ['lac'] },
    });
    expect(codes(outcome)).toContain('threshold-infinite');
  });
  it('one class', async () => {
    const outcome = await runSuite(conformal, {
      systems: [linearSystem({ weights: [[1]] })],
      datasets: [memoryDataset({ images: Array(40).fill([1]), labels: Array(40).fill(0) })],
      options,
    });
    expect(measureOf(outcome, 'coverage', { score: 'lac', alpha: 0.1 }).value).toBe(1);
  });
  it('no labels', async () => {
    const outcome = await runSuite(conformal, {
      systems,
      datasets: [memoryDataset({ images: sampled(30).images })],
      options: quick,
    });
    expect(outcome.summary.measures).toEqual([]);
    expect(outcome.summary.notApplicable?.[0]?.reason).toContain('has no labels');
  });
});

it('batches and the order of examples change no set', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 40, max: 90 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 0, max: 1000 }),
      async (n, batchSize, seed) => {
        const { images, labels } = sampled(n, { seed });
        const rows = async (order: number[], size: number) => {
          const outcome = await runSuite(conformal, {
            systems: [linearSystem({ weights: identity(4), batchSize: size })],
            datasets: [
              memoryDataset({
                images: order.map((i) => images[i]!),
                labels: order.map((i) => labels[i]!),
                indices: order,
              }),
            ],
            options,
          });
          const key = (row: Record<string, unknown>) => `${row.score} ${row.alpha} ${row.split} ${row.index}`;
          return new Map(sheetOf(outcome).map((row) => [key(row), row]));
        };
        const order = images.map((_, i) => i);
        const turned = [...order].reverse();
        expect(await rows(turned, batchSize)).toEqual(await rows(order, 16));
      },
    ),
    { numRuns: 3 },
  );
});
