import { describe, expect, it } from 'vitest';
import type { DatasetInfo } from '../../../src/data/dataset.js';
import type { ImageFigure } from '../../../src/suites/results.js';
import { ood } from '../../../suites/ood/index.js';
import { linearSystem } from '../helpers/linear-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { type Outcome, runSuite } from '../helpers/run-suite.js';

const far: Partial<DatasetInfo> = { name: 'far', role: 'ood', distance: 'far' };
const near: Partial<DatasetInfo> = { name: 'near', role: 'ood', distance: 'near' };
/** The pixels are the logits. */
const two = linearSystem({
  name: 'two',
  weights: [
    [1, 0],
    [0, 1],
  ],
});
/** Max logit 9, 4, 1, 3, 2, 5; the last three are wrong. Max softmax orders them by the difference of the two. */
const id = memoryDataset({
  images: [
    [9, 0],
    [4, 3],
    [1, 0],
    [0, 3],
    [1, 2],
    [1, 5],
  ],
  labels: [0, 0, 0, 0, 0, 0],
  indices: [10, 11, 12, 13, 14, 15],
});
const sets = [
  id,
  memoryDataset({
    images: [
      [2, 0],
      [8, 7.5],
      [0, 6],
    ],
    ...far,
  }),
  memoryDataset({ images: [[0.5, 0]], ...near }),
];
const run = (options: object = {}, datasets = sets, systems = [two], chunk = 7) =>
  runSuite(ood, {
    systems,
    datasets,
    options: { scores: ['max-logit'], hardest: 2, resamples: 100, ...options },
    chunk,
  });
const grids = ({ summary }: Outcome) =>
  (summary.figures ?? []).filter((figure): figure is ImageFigure => figure.kind === 'images');
const shown = ({ rows }: ImageFigure) =>
  Object.fromEntries(
    rows.map(({ label, cells }) => [
      label,
      cells.map((cell) => [cell?.caption, ...Array.from(cell?.pixels ?? [])].join(' ')),
    ]),
  );

describe('the hardest images', () => {
  it('are the test images with the lowest scores, right and wrong apart, and OOD images with the highest', async () => {
    const [grid, ...others] = grids(await run());
    expect(others).toEqual([]);
    expect(grid).toMatchObject({ id: 'hardest-max-logit-two-test', columns: ['1', '2'] });
    expect(shown(grid!)).toEqual({
      'test, right': ['1, class 0 1 0', '4, class 0 4 3'],
      'test, wrong': ['2, class 1, not class 0 1 2', '3, class 1, not class 0 0 3'],
      far: ['8, class 0 8 7.5', '6, class 1 0 6'],
      near: ['0.5, class 0 0.5 0'],
    });
    expect(grid!.rows.map(({ cells }) => cells[0]?.mark)).toEqual(['ok', 'bad', undefined, undefined]);
  });

  it('by the best score as well, where that is not the one of the headline; whatever the size of units', async () => {
    // Max logit is the headline; max softmax tells 9, 4, 1, 3, 2, 5 from 8 against 7.5 and 0.5 against 0 better.
    for (const chunk of [1, 2, 7]) {
      const [headline, best, ...others] = grids(
        await run({ scores: ['max-logit', 'max-softmax'] }, sets, [two], chunk),
      );
      expect(others).toEqual([]);
      expect([headline!.id, best!.id]).toEqual([
        'hardest-max-logit-two-test',
        'hardest-max-softmax-two-test',
      ]);
      expect(best!.caption).toContain('largest mean AUROC');
      expect(shown(best!).far!.map((line) => line.split(' ').slice(-2))).toEqual([
        ['0', '6'],
        ['2', '0'],
      ]);
      expect(shown(best!)['test, right']!.map((line) => line.split(' ').slice(-2))).toEqual([
        ['4', '3'],
        ['1', '0'],
      ]);
    }
  });

  it('are the same by a score of gradients and by a measured one: what they are read from does not matter', async () => {
    const energies = linearSystem({
      name: 'energies',
      weights: [
        [1, 0],
        [0, 1],
      ],
    });
    const ids = async (scores: object[] | string[]) =>
      grids(await run({ scores }, sets, [energies])).map((g) => g.id);
    expect(await ids(['approximate-mass'])).toEqual(['hardest-approximate-mass-energies-test']);
    const grid = grids(await run({ scores: ['odin'] }))[0]!;
    expect(grid.rows.map(({ label }) => label)).toEqual(['test, right', 'test, wrong', 'far', 'near']);
  });

  it('equal scores come in the order of the data set, and an image of which there are few once', async () => {
    const same = memoryDataset({
      images: [
        [1, 0],
        [1, 0],
        [1, 0],
      ],
      ...far,
      indices: [7, 3, 5],
    });
    const outcome = await run({ hardest: 9 }, [id, same]);
    expect(shown(grids(outcome)[0]!).far).toHaveLength(3);
    expect(shown(grids(outcome)[0]!)['test, right']).toHaveLength(3);
  });

  it('there are none when not wanted, of predictions, of more channels than a picture has, or of empty sets', async () => {
    const count = async (options: object, datasets = sets) => grids(await run(options, datasets)).length;
    expect(await count({ hardest: 0 })).toBe(0);
    const saved = sets.map((set) => ({ ...set, info: { ...set.info, content: 'predictions' as const } }));
    expect(await count({}, saved)).toBe(0);
    expect(await count({}, [id, memoryDataset({ images: [], ...far, shape: [1, 1, 2] })])).toBe(0);
  });

  it('unlabelled test images are in one list', async () => {
    const unlabelled = memoryDataset({
      images: [
        [1, 0],
        [0, 3],
      ],
    });
    expect(grids(await run({}, [unlabelled, ...sets.slice(1)]))[0]!.rows.map(({ label }) => label)).toEqual([
      'test',
      'far',
      'near',
    ]);
  });
});
