import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DatasetInfo } from '../../../src/data/dataset.js';
import type { Table, TableEstimate } from '../../../src/suites/results.js';
import { ood } from '../../../suites/ood/index.js';
import { linearSystem } from '../helpers/linear-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { type Outcome, runSuite } from '../helpers/run-suite.js';

const far: Partial<DatasetInfo> = { name: 'far', role: 'ood' };
const near: Partial<DatasetInfo> = { name: 'near', role: 'ood' };
/** The pixels are the logits: the score is the largest, the prediction its place. */
const three = linearSystem({
  name: 'three',
  weights: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
});
type Image = readonly [number, number, number];
const run = (images: readonly Image[], labels: number[] | undefined, sets: readonly (readonly Image[])[]) =>
  runSuite(ood, {
    systems: [three],
    datasets: [
      memoryDataset({ images, ...(labels && { labels }), shape: [1, 1, 3] }),
      ...sets.map((own, i) => memoryDataset({ images: own, ...[far, near][i], shape: [1, 1, 3] })),
    ],
    options: { scores: ['max-logit'], hardest: 0, resamples: 100 },
  });
const table = ({ summary }: Outcome, id: string): Table | undefined =>
  summary.tables?.find((one) => one.id === id);
const rowsOf = (outcome: Outcome, id: string) =>
  (table(outcome, id)?.rows ?? []).map(({ class: name, id: nId, ood: nOod, 'class-auroc': cell }) => {
    const { value, interval } = cell as TableEstimate;
    return { name, nId, nOod, value, interval };
  });

const top = (image: Image) => Math.max(...image);
const predicted = (image: Image) => image.indexOf(top(image));
/** Pair by pair. */
const auroc = (id: readonly Image[], other: readonly Image[]) => {
  const won = id.flatMap((a) => other.map((b) => (top(a) > top(b) ? 1 : top(a) === top(b) ? 0.5 : 0)));
  return won.reduce<number>((sum, one) => sum + one, 0) / won.length;
};

describe('classes', () => {
  it('are those of the labels and of the predictions, each as a slow count of pairs has it, worst first', async () => {
    const pixel = fc.integer({ min: 0, max: 3 });
    const image = fc.tuple(pixel, pixel, pixel);
    const images = fc.array(image, { minLength: 1, maxLength: 9 });
    await fc.assert(
      fc.asyncProperty(images, images, images, async (id, first, second) => {
        const labels = id.map((_, i) => (i * 7) % 3);
        const outcome = await run(id, labels, [first, second]);
        const own = (k: number) => id.filter((_, i) => labels[i] === k);
        for (const { name, nId, nOod, value } of rowsOf(outcome, 'label-auroc-test')) {
          const k = Number(String(name).split(' ')[1]);
          expect([nId, nOod]).toEqual([own(k).length, first.length + second.length]);
          expect(value).toBeCloseTo((auroc(own(k), first) + auroc(own(k), second)) / 2, 12);
        }
        expect(rowsOf(outcome, 'label-auroc-test')).toHaveLength(new Set(labels).size);
        const by = (all: readonly Image[], k: number) => all.filter((one) => predicted(one) === k);
        const others = [...first, ...second];
        const shown = rowsOf(outcome, 'prediction-auroc-test');
        for (const { name, nId, nOod, value } of shown) {
          const k = Number(String(name).split(' ')[1]);
          expect([nId, nOod]).toEqual([by(id, k).length, by(others, k).length]);
          expect(value).toBeCloseTo(auroc(by(id, k), by(others, k)), 12);
        }
        expect(shown).toHaveLength(
          [0, 1, 2].filter((k) => by(id, k).length * by(others, k).length > 0).length,
        );
        for (const rows of [shown, rowsOf(outcome, 'label-auroc-test')]) {
          const values = rows.map(({ value }) => value ?? Number.NaN);
          expect(values).toEqual(values.toSorted((a, b) => a - b));
        }
      }),
      { numRuns: 5 },
    );
  });

  it("have DeLong's interval, none of one image, and an exact one where the scores do not overlap", async () => {
    const id: Image[] = [
      [4, 0, 0],
      [2, 0, 0],
      [0, 3, 0],
      [9, 0, 0],
      [8, 0, 0],
    ];
    const rows = rowsOf(
      await run(
        id,
        [0, 0, 1, 2, 2],
        [
          [
            [3, 0, 0],
            [1, 0, 0],
            [0, 5, 0],
          ],
        ],
      ),
      'label-auroc-test',
    );
    expect(rows.map(({ name, interval }) => [name, interval !== null])).toEqual([
      ['class 0', true],
      ['class 1', false],
      ['class 2', true],
    ]);
    // Components 2/3 and 1/3 of the images, 1/2, 1 and 0 of the others: the error is sqrt(1/36 + 1/12).
    const half = (1.959963984540054 * Math.sqrt(1 / 36 + 1 / 12)) / 0.25;
    expect(rows[0]!.interval).toEqual(
      [1 / (1 + Math.exp(half)), 1 / (1 + Math.exp(-half))].map((x) => expect.closeTo(x, 12)),
    );
  });

  it('attacked forms of a set that is there count in none of them', async () => {
    const id: Image[] = Array.from({ length: 9 }, (_, i) => (i % 2 ? [i, 0, 0] : [0, i, 0]));
    const other: Image[] = Array.from({ length: 6 }, (_, i) => (i % 2 ? [i + 1, 0, 0] : [0, i + 1, 0]));
    const moved = other.map(([a, b]): Image => [a && a + 3, b && b + 3, 0]);
    const recipe = { by: 'raise', of: 'far', options: { on: 'three', score: 'max-logit' } };
    const tables = async (more: Parameters<typeof memoryDataset>[0][]) => {
      const outcome = await runSuite(ood, {
        systems: [three],
        datasets: [
          memoryDataset({ images: id, labels: id.map(predicted), shape: [1, 1, 3] }),
          memoryDataset({ images: other, ...far, shape: [1, 1, 3] }),
          ...more.map(memoryDataset),
        ],
        options: { scores: ['max-logit'], hardest: 0, resamples: 100 },
      });
      return ['label-auroc-test', 'prediction-auroc-test'].map((name) => rowsOf(outcome, name));
    };
    const alone = await tables([]);
    expect(alone.map((rows) => rows.length)).toEqual([2, 2]);
    expect(await tables([{ images: moved, ...near, recipe, shape: [1, 1, 3] }])).toEqual(alone);
  });

  it('there are none by label without labels, and none by prediction where nothing is taken for the same', async () => {
    const outcome = await run([[4, 0, 0]], undefined, [[[0, 3, 0]]]);
    expect(table(outcome, 'label-auroc-test')).toBeUndefined();
    expect(table(outcome, 'prediction-auroc-test')).toBeUndefined();
  });
});
