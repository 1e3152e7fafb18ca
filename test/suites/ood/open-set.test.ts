import { describe, expect, it } from 'vitest';
import type { DatasetInfo } from '../../../src/data/dataset.js';
import { ood } from '../../../suites/ood/index.js';
import { linearSystem } from '../helpers/linear-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { measureOf, type Outcome, runSuite, sheetOf } from '../helpers/run-suite.js';

const far: Partial<DatasetInfo> = { name: 'far', role: 'ood', distance: 'far' };
const near: Partial<DatasetInfo> = { name: 'near', role: 'ood', distance: 'near' };
const two = linearSystem({
  name: 'two',
  weights: [
    [1, 0],
    [0, 1],
  ],
});
const value = (outcome: Outcome, measure: string, where: Record<string, string> = {}) =>
  measureOf(outcome, measure, where).value ?? Number.NaN;

/** The larger pixel is the max logit, and its place the prediction: scores 4, 3, 1, of which the second is wrong. */
const id = memoryDataset({
  images: [
    [4, 0],
    [0, 3],
    [1, 0],
  ],
  labels: [0, 0, 0],
});
const run = (
  options: object = {},
  datasets = [
    id,
    memoryDataset({
      images: [
        [2, 0],
        [0, 3],
      ],
      ...far,
    }),
  ],
) =>
  runSuite(ood, { systems: [two], datasets, options: { scores: ['max-logit'], resamples: 100, ...options } });

describe('with right and wrong predictions', () => {
  it('OSCR counts what is right and scores higher, ties half', async () => {
    const outcome = await run();
    // 4 is above both OOD images; 3 is wrong; 1 is below both.
    expect(value(outcome, 'oscr')).toBeCloseTo(2 / 6, 12);
    expect(value(outcome, 'auroc')).toBeCloseTo((2 + 1.5) / 6, 12);
    expect(measureOf(outcome, 'oscr')).toMatchObject({ method: 'delong-logit', n: 5, better: 'higher' });
  });

  it('AURC and AUGRC are of the test set alone', async () => {
    const outcome = await run({ conventions: ['fd-shifts'] });
    expect(value(outcome, 'aurc')).toBeCloseTo((0 + 1 / 2 + 1 / 3) / 3, 12);
    expect(value(outcome, 'augrc')).toBeCloseTo((0 + 1 + 1) / 9, 12);
    expect(value(outcome, 'augrc-fd-shifts')).toBeCloseTo(2 / 9 - 1 / 18, 12);
    expect(measureOf(outcome, 'aurc')).toMatchObject({
      dataset: 'test',
      n: 3,
      params: { score: 'max-logit' },
    });
    expect((await run()).summary.measures.some(({ measure }) => measure.endsWith('fd-shifts'))).toBe(false);
  });

  it('SCOD has OOD images in the pool, at a cost that is named', async () => {
    // Kept in turn: right (4), wrong or OOD (both 3), OOD (2), right (1).
    const areas = async (oodCost: number) => {
      const outcome = await run({ oodCost });
      expect(measureOf(outcome, 'scod-aurc').params).toEqual({
        score: 'max-logit',
        against: 'test',
        oodCost,
      });
      return [value(outcome, 'scod-aurc'), value(outcome, 'scod-augrc')];
    };
    expect(await areas(1)).toEqual([
      expect.closeTo((0 + 1 / 2 + 2 / 3 + 3 / 4 + 3 / 5) / 5, 12),
      expect.closeTo((0 + 1 + 2 + 3 + 3) / 25, 12),
    ]);
    expect(await areas(0)).toEqual([
      expect.closeTo((0 + 0.5 / 2 + 1 / 3 + 1 / 4 + 1 / 5) / 5, 12),
      expect.closeTo((0 + 0.5 + 1 + 1 + 1) / 25, 12),
    ]);
  });

  it('there is none of them without labels, or without classes', async () => {
    const scorer = linearSystem({ name: 'scorer', weights: [[1, 0]], energy: 'output' });
    const unlabelled = memoryDataset({
      images: [
        [4, 0],
        [0, 3],
      ],
    });
    const other = memoryDataset({ images: [[2, 0]], ...far });
    const names = async (system: typeof two, test: typeof id, score: string) =>
      new Set(
        (
          await runSuite(ood, {
            systems: [system],
            datasets: [test, other],
            options: { scores: [score], resamples: 100 },
          })
        ).summary.measures.map(({ measure }) => measure),
      );
    for (const found of [await names(two, unlabelled, 'max-logit'), await names(scorer, id, 'log-px')]) {
      expect(found.has('auroc')).toBe(true);
      for (const measure of ['oscr', 'scod-aurc', 'aurc']) expect(found.has(measure)).toBe(false);
    }
  });

  it('the sheet says what was predicted, and whether it is right', async () => {
    expect(
      sheetOf(await run()).map(({ label, prediction, correct }) => [label, prediction, correct]),
    ).toEqual([
      [0, 0, true],
      [0, 1, false],
      [0, 0, true],
      [null, 0, null],
      [null, 1, null],
    ]);
  });
});

describe("OpenOOD's conventions", () => {
  const sets = [
    id,
    memoryDataset({
      images: [
        [2, 0],
        [0, 3],
      ],
      ...far,
    }),
    memoryDataset({
      images: [
        [5, 0],
        [0, 2],
      ],
      ...near,
    }),
  ];
  it('stand beside the defaults under names of their own, near and far as well', async () => {
    const outcome = await run({ conventions: ['openood'] }, sets);
    // ID 4, 3, 1; far 3, 2: both are rejected where ID examples up to 3 are.
    expect(value(outcome, 'fpr95-openood', { dataset: 'far' })).toBeCloseTo(2 / 3, 12);
    expect(value(outcome, 'fpr95-openood', { dataset: 'near' })).toBe(1);
    expect(value(outcome, 'near-fpr95-openood')).toBe(1);
    // Down the scores: precision 1 at recall 1/3, 2/3 at 2/3, 1/2 there, 3/5 at 1.
    expect(value(outcome, 'aupr-in-trapezoid', { dataset: 'far' })).toBeCloseTo(1 / 3 + 5 / 18 + 11 / 60, 12);
    expect(outcome.summary.measures.some(({ measure }) => measure === 'mean-fpr95-openood')).toBe(false);
    const table = outcome.summary.tables?.find(({ id: name }) => name === 'openood-test');
    expect(table?.columns.map(({ title }) => title)).toEqual([
      'Model',
      'Score',
      'OOD set',
      'FPR@95 (OpenOOD)',
      'AUROC',
      'AUPR_IN (OpenOOD)',
      'AUPR_OUT (OpenOOD)',
    ]);
    expect(table?.rows.map(({ set }) => set)).toEqual(['near', 'nearood', 'far', 'farood']);
  });
  it('are not computed unless they are asked for', async () => {
    const { summary } = await run({}, sets);
    expect(summary.measures.some(({ measure }) => /openood|trapezoid/.test(measure))).toBe(false);
    expect(summary.tables?.some(({ id: name }) => name.startsWith('openood'))).toBe(false);
  });
});
