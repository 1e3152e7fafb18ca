import { describe, expect, it } from 'vitest';
import { delongTest } from '../../../src/metrics/ranking/area-difference.js';
import { placements } from '../../../src/metrics/ranking/delong.js';
import { holm } from '../../../src/metrics/tests/holm.js';
import { ood } from '../../../suites/ood/index.js';
import { linearSystem } from '../helpers/linear-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { type Outcome, runSuite, sheetOf } from '../helpers/run-suite.js';

const draw = (i: number, k: number) => Math.fround(2 * Math.sin(7.3 * i + 3.1 * k * k + k * i));
const images = (n: number, from: number, shift: number) =>
  Array.from({ length: n }, (_, i) => [0, 1, 2].map((k) => draw(from + i, k) + (k === 0 ? shift : 0)));
const SCORES = ['max-softmax', 'max-logit', 'entropy', 'log-px', 'margin'];

const run = (scores: readonly unknown[] = SCORES) =>
  runSuite(ood, {
    systems: [
      linearSystem({
        name: 'one',
        weights: [
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ],
      }),
    ],
    datasets: [
      memoryDataset({ images: images(80, 0, 1.5) }),
      memoryDataset({ images: images(60, 100, 0), name: 'near', role: 'ood', distance: 'near' }),
      memoryDataset({ images: images(50, 300, -1), name: 'far', role: 'ood', distance: 'far' }),
    ],
    options: { scores: [...scores], resamples: 100 },
  });

const rankingOf = ({ summary }: Outcome) => {
  const table = summary.tables?.[0];
  expect([table?.id, table?.folded]).toEqual(['ranking-test', undefined]);
  return table?.rows as {
    score: string;
    mean: { value: number };
    behind?: { value: number };
    p?: number;
    alike: string;
  }[];
};

/** `a c-e` is a, c, d and e. */
const lettersIn = (alike: string): number[] =>
  alike
    .split(' ')
    .filter(Boolean)
    .flatMap((run) => {
      const [from, to = from] = run.split('-').map((letter) => letter.charCodeAt(0));
      return Array.from({ length: to! - from! + 1 }, (_, i) => from! + i);
    });

describe('the ranking of scores', () => {
  it('is the first table: best first by mean AUROC, with paired tests against the best, corrected', async () => {
    const outcome = await run();
    const rows = rankingOf(outcome);
    const means = rows.map(({ mean }) => mean.value);
    expect(rows).toHaveLength(5);
    expect(means).toEqual([...means].sort((a, b) => b - a));
    // Again, from the sheet.
    const title = new Map(
      outcome.summary.measures.map(({ title, params }) => [title.split(' by ')[1], String(params.score)]),
    );
    const of = (score: string, dataset: string) =>
      sheetOf(outcome)
        .filter((row) => row.dataset === dataset)
        .map((row) => Number(row[score]));
    const placed = rows.map(({ score }) =>
      ['near', 'far'].map((set) =>
        placements(of(title.get(score) ?? '', 'test'), of(title.get(score) ?? '', set)),
      ),
    );
    const pairs = placed.flatMap((a, i) =>
      placed.slice(i + 1).map((b, k) => {
        const { value, p } = delongTest(a, b);
        return { i, j: i + 1 + k, value, p: p ?? 1 };
      }),
    );
    const corrected = holm(pairs.map(({ p }) => p));
    for (const [j, row] of rows.entries()) {
      const at = pairs.findIndex((pair) => pair.i === 0 && pair.j === j);
      if (j === 0) expect([row.behind, row.p]).toEqual([undefined, undefined]);
      else {
        expect(row.behind?.value).toBeCloseTo(pairs[at]!.value, 12);
        expect(row.p).toBeCloseTo(corrected[at]!, 12);
      }
    }
    for (const [at, { i, j }] of pairs.entries()) {
      const share = lettersIn(rows[i]!.alike).some((one) => lettersIn(rows[j]!.alike).includes(one));
      expect(share).toBe(corrected[at]! > 0.05);
    }
  });

  it('everything else is folded, and stays readable', async () => {
    const { summary } = await run();
    const open = summary.tables?.filter(({ folded }) => !folded) ?? [];
    expect(open.map(({ id }) => id)).toEqual(['ranking-test']);
    for (const { columns } of summary.tables ?? []) expect(columns.length).toBeLessThan(12);
  });

  it('of more than twelve scores the best eight of a system come first, and all of them folded', async () => {
    const variants = Array.from({ length: 9 }, (_, i) => ({ energy: { temperature: 2 + i } }));
    const outcome = await run([...SCORES, ...variants]);
    const tables = outcome.summary.tables ?? [];
    const [first, all] = [tables[0]!, tables[1]!];
    expect([first.rows.length, all.rows.length]).toEqual([8, 14]);
    expect([first.folded, all.folded, all.id]).toEqual([undefined, true, 'ranking-test-all']);
    expect(first.rows).toEqual(all.rows.slice(0, 8));
    expect(first.title).toBe('The best 8 of 14 scores, against test');
  });

  it('of many scores, AUROC is a map, and histograms and curves are those of the best ones', async () => {
    const outcome = await run();
    const { figures = [] } = outcome.summary;
    const count = (prefix: string) => figures.filter(({ id }) => id.startsWith(prefix)).length;
    expect(['auroc-map', 'correlation', 'scores-', 'roc-', 'precision-'].map(count)).toEqual([1, 1, 4, 4, 1]);
    expect(figures.some(({ kind }) => kind === 'bars')).toBe(false);
    const names = rankingOf(outcome).map(({ score }) => score);
    const [map, correlation] = [figures[0]!, figures[1]!];
    if (map.kind !== 'heatmap' || correlation.kind !== 'heatmap') throw new Error('no heat maps');
    expect(map.rows.map(({ label }) => label)).toEqual(names);
    expect(map.columns).toEqual(['near', 'far']);
    expect(correlation.columns).toEqual(names);
    for (const [i, { values }] of correlation.rows.entries()) {
      expect(values[i]!.value).toBe(1);
      for (const { value } of values) expect(Math.abs(value ?? 2)).toBeLessThanOrEqual(1 + 1e-12);
    }
    expect(figures.at(-1)?.title).toContain(names[0]);
  });

  it('of one score there is nothing to compare', async () => {
    const { summary } = await runSuite(ood, {
      systems: [linearSystem({ weights: [[1]], energy: 'output' })],
      datasets: [
        memoryDataset({ images: [[1], [2]] }),
        memoryDataset({ images: [[0], [1.5]], name: 'far', role: 'ood' }),
      ],
      options: { scores: ['log-px'], resamples: 100 },
    });
    expect(summary.tables?.[0]?.columns.map(({ key }) => key)).toEqual(['model', 'score', 'mean', 'fpr95']);
  });
});
