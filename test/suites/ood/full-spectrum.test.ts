import { describe, expect, it } from 'vitest';
import { differenceOf } from '../../../src/comparison/difference.js';
import { hasRows, type MeasureWithRows, readRows } from '../../../src/comparison/read-rows.js';
import { sheetsInMemory } from '../../../src/comparison/sheets.js';
import { valueFromRows } from '../../../src/comparison/statistics.js';
import type { DatasetInfo } from '../../../src/data/dataset.js';
import { compareScores } from '../../../src/metrics/ranking/ranking.js';
import { ood } from '../../../suites/ood/index.js';
import { linearSystem } from '../helpers/linear-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { measureOf, type Outcome, runSuite } from '../helpers/run-suite.js';

const scorer = linearSystem({
  name: 'scorer',
  weights: [
    [1, 0],
    [0, 1],
  ],
});
const noise = (i: number, k: number) => Math.fround(Math.sin(12.9898 * i + 78.233 * k));
const images = (n: number, shift: number, k: number) =>
  Array.from({ length: n }, (_, i) => [Math.fround(5 + shift + noise(i, k)), 0]);
const fog: Partial<DatasetInfo> = {
  name: 'fog',
  shift: 'covariate',
  recipe: { by: 'corrupt', of: 'test', options: {} },
};
const run = (about: Partial<DatasetInfo>, k = 1) =>
  runSuite(ood, {
    systems: [scorer],
    datasets: [
      memoryDataset({ images: images(40, 1, 1) }),
      // The same images, all a little darker.
      memoryDataset({ images: images(40, 0.5, k), ...about }),
      memoryDataset({ images: images(30, 0, 7), name: 'near', role: 'ood', distance: 'near' }),
      memoryDataset({ images: images(20, -0.7, 9), name: 'far', role: 'ood', distance: 'far' }),
    ],
    options: { scores: ['log-px', 'max-logit'], resamples: 200 },
  });
const maxLogit = (list: number[][]) => list.map(([first]) => first!);
const pooled = (shift: number, k: number, n: number) =>
  compareScores(maxLogit([...images(40, 1, 1), ...images(40, 0.5, 1)]), maxLogit(images(n, shift, k)));

const rowsOf = async ({ summary }: Outcome, measures: MeasureWithRows[]) => {
  const stored = measures.map((m) => ({ ...m, rows: { ...m.rows, sheet: 'ood' } }));
  const sheets = (summary.examples ?? []).map((sheet) => ({ ...sheet, file: sheet.name }));
  const found = await readRows(sheetsInMemory(sheets), stored);
  return stored.map((measure) => {
    const rows = found.get(measure);
    if (!rows) throw new Error('no rows');
    return { measure, rows };
  });
};

describe('full spectrum', () => {
  it('covariate-shifted test sets count as in-distribution, and are no test set of their own', async () => {
    const outcome = await run(fog);
    const of = (measure: string, dataset = 'test') =>
      measureOf(outcome, measure, { score: 'max-logit', dataset });
    const [near, far] = [pooled(0, 7, 30), pooled(-0.7, 9, 20)];
    expect(of('full-spectrum-auroc', 'near').value).toBeCloseTo(near.auroc, 12);
    expect(of('full-spectrum-fpr95-id-positive', 'far').value).toBeCloseTo(far.fpr95IdPositive, 12);
    expect(of('full-spectrum-mean-fpr95-ood-positive').value).toBeCloseTo(
      (near.fpr95OodPositive + far.fpr95OodPositive) / 2,
      12,
    );
    expect(of('full-spectrum-near-auroc').value).toBeCloseTo(near.auroc, 12);
    expect(of('full-spectrum-mean-auroc')).toMatchObject({
      n: 80 + 30 + 20,
      method: 'delong-logit',
      note: 'in-distribution: test, fog; OOD: near, far',
    });
    const against = outcome.summary.measures.filter(({ measure }) => measure === 'auroc');
    expect([...new Set(against.map(({ params }) => params.against))]).toEqual(['test']);
    expect(outcome.summary.tables?.some(({ id }) => id === 'full-spectrum-test')).toBe(true);
  });

  it('forms of one image are resampled together: intervals are wider than of independent images', async () => {
    const width = async (about: Partial<DatasetInfo>, measure: string) => {
      const { interval } = measureOf(await run(about), measure, { score: 'max-logit', dataset: 'test' });
      return (interval?.[1] ?? 0) - (interval?.[0] ?? 0);
    };
    const alone: Partial<DatasetInfo> = { name: 'fog', shift: 'covariate' };
    for (const measure of ['full-spectrum-mean-auroc', 'full-spectrum-mean-fpr95-ood-positive'])
      expect(await width(fog, measure)).toBeGreaterThan(1.05 * (await width(alone, measure)));
  });

  it('where scores stay apart has the bound of as many images as there are, not of their forms', async () => {
    const outcome = await runSuite(ood, {
      systems: [scorer],
      datasets: [
        memoryDataset({ images: images(70, 5, 1) }),
        memoryDataset({ images: images(70, 4, 1), ...fog }),
        memoryDataset({ images: images(60, -5, 7), name: 'far', role: 'ood', distance: 'far' }),
      ],
      options: { scores: ['max-logit'], resamples: 100 },
    });
    const of = (measure: string) => measureOf(outcome, measure, { dataset: 'far' });
    const plain = of('fpr95-id-positive');
    expect(of('full-spectrum-fpr95-id-positive')).toMatchObject({
      value: 0,
      interval: plain.interval,
      method: 'clopper-pearson-one-sided',
      note: expect.stringMatching(
        /in-distribution: test, fog.*do not overlap|do not overlap.*in-distribution: test, fog/,
      ),
    });
  });

  it('is made again from the rows, and compared by image', async () => {
    const outcome = await run(fog);
    const measures = outcome.summary.measures
      .filter(({ measure }) => measure.startsWith('full-spectrum'))
      .filter(hasRows);
    expect(measures).toHaveLength(2 * (3 * 2 + 3 * 3));
    const found = await rowsOf(outcome, measures);
    expect(found.map(({ measure, rows }) => valueFromRows(measure, rows))).toEqual(
      measures.map(({ value }) => value),
    );
    const [a, b] = ['log-px', 'max-logit'].map(
      (score) =>
        found.find(
          ({ measure }) => measure.measure === 'full-spectrum-mean-auroc' && measure.params.score === score,
        ) ?? found[0]!,
    );
    const difference = differenceOf(a!, b!);
    expect(difference).toMatchObject({ n: 130, test: 'delong', onlyA: 0 });
    expect(difference.value).toBeCloseTo((a!.measure.value ?? 0) - (b!.measure.value ?? 0), 12);
  });

  it('needs a test set that is not shifted', async () => {
    const { summary } = await runSuite(ood, {
      systems: [scorer],
      datasets: [
        memoryDataset({ images: [[1, 0]], ...fog }),
        memoryDataset({ images: [[0, 0]], name: 'far', role: 'ood' }),
      ],
      options: { resamples: 100 },
    });
    expect(summary.measures).toEqual([]);
    expect(summary.notApplicable?.[0]?.reason).toContain('every test set of the run has a `shift`');
  });
});
