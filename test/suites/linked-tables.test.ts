import { describe, expect, it } from 'vitest';
import { exact, wilson } from '../../src/metrics.js';
import type { Suite } from '../../src/suites/contract.js';
import { linkedTables } from '../../src/suites/linked-tables.js';
import { cell, measure } from '../../src/suites/measure.js';
import type { Measure, Table } from '../../src/suites/results.js';
import { accuracy } from '../../suites/accuracy/index.js';
import { attack } from '../../suites/attack/index.js';
import { calibration } from '../../suites/calibration/index.js';
import { energy } from '../../suites/energy/index.js';
import { ood } from '../../suites/ood/index.js';
import { robustOod } from '../../suites/robust-ood/index.js';
import { transfer } from '../../suites/transfer/index.js';
import { analyticSystem } from '../attacks/helpers/analytic-system.js';
import { memoryDataset } from './helpers/memory-dataset.js';
import { runSuite } from './helpers/run-suite.js';

const about = {
  suite: 's',
  model: 'm',
  dataset: 'd',
  title: 'M',
  better: 'none',
  format: 'percent',
} as const;
const rows = { sheet: 's', where: {}, statistic: 'share', columns: { outcome: 'correct' } };
const table = (...cells: Table['rows'][number][string][]): Table => ({
  id: 't',
  title: 'T',
  columns: [{ key: 'x', title: 'x' }],
  rows: cells.map((x) => ({ x })),
});

describe('a cell', () => {
  const half = wilson(1, 2);
  const measures = [
    measure({ ...about, measure: 'other' }, wilson(1, 2)),
    measure({ ...about, measure: 'bare' }, half),
    measure({ ...about, measure: 'whole', rows }, half),
    measure({ ...about, measure: 'again', rows }, half),
  ];
  const linked = (...cells: Parameters<typeof table>) =>
    linkedTables([table(...cells)], measures)[0]!.rows.map(({ x }) => x);

  it.each([
    ['of the estimate', cell(half), { value: 0.5, interval: half.interval }],
    ['with a mark', cell(half, { mark: '‡' }), { value: 0.5, interval: half.interval, mark: '‡' }],
    ['without its interval', cell(half, { bare: true }), { value: 0.5 }],
    [
      'in hundredths',
      cell(half, { times: 100 }),
      { value: 50, interval: half.interval?.map((end) => 100 * end) },
    ],
  ])('%s is the measure that says its rows', (_, made, shown) => {
    expect(linked(made)).toEqual([{ ...shown, measure: 2 }]);
  });

  it.each([
    ['of an equal estimate', cell({ ...half })],
    ['that is a copy', { ...cell(half) }],
    ['written by hand', { value: 0.5, interval: half.interval }],
    ['that is a number', 0.5],
    ['that is text', '50 %'],
    ['that is empty', null],
  ])('%s is no measure', (_, made) => {
    expect(linked(made)).toEqual([made]);
  });

  it('of what is not defined is a measure without rows', () => {
    const none = exact(Number.NaN, 0);
    const { rows: cells } = linkedTables(
      [table(cell(none))],
      [measure({ ...about, measure: 'none', rows }, none)],
    )[0]!;
    expect(cells).toEqual([{ x: { value: null, measure: 0 } }]);
  });
});

const weights = [
  [2, 0],
  [0, 2],
];
const systems = [
  analyticSystem({ name: 'two', weights }),
  analyticSystem({ name: 'slanted', weights: [[2, 1], weights[1]!] }),
];
const points = (n: number, shift: number) =>
  Array.from({ length: n }, (_, i) => [((7 * i + shift) % 10) / 10, ((3 * i + shift) % 11) / 11]);
const images = points(24, 0);
const datasets = [
  memoryDataset({
    name: 'test',
    images,
    labels: images.map(([a, b], i) => (a! >= b! === i % 7 > 0 ? 0 : 1)),
  }),
  memoryDataset({ name: 'near', role: 'ood', distance: 'near', images: points(12, 4) }),
  memoryDataset({ name: 'far', role: 'ood', distance: 'far', images: points(12, 7) }),
];

/** Suites, their options, and the columns whose numbers are no measures. */
const SUITES: [Suite['name'], Suite, object, string[]][] = (
  [
    [accuracy, {}, []],
    [calibration, { resamples: 100 }, ['floor', 'temperature']],
    [
      attack,
      { method: 'autoattack', attacks: ['fgsm', 'pgd'], epsilons: ['0.05', '0.1'], checks: false },
      ['clean'],
    ],
    [attack, { method: 'pgd', steps: 5, keep: 'nearest', epsilons: ['0.1'], checks: false }, ['clean']],
    [ood, { resamples: 100, scores: ['log-px', 'max-softmax'] }, ['behind', 'class-auroc']],
    [robustOod, { method: 'pgd', steps: 3, epsilons: ['0.05'], resamples: 100 }, ['reference']],
    [transfer, { method: 'fgsm', epsilon: '0.1' }, []],
    [energy, { permutations: 99 }, ['centre']],
  ] as [Suite, object, string[]][]
).map(([suite, options, others]) => [suite.name, suite, options, others]);

describe.each(SUITES)('tables of %s', (_, suite, options, others) => {
  it('hold the value and the interval of the measure that each cell is, of the system of its row', async () => {
    const { summary } = await runSuite(suite, { systems, datasets, options: { ...options } });
    const { measures, tables = [] } = summary;
    const cells = linkedTables(tables, measures).flatMap(({ id, rows: lines }) =>
      lines.flatMap((row) =>
        Object.entries(row).flatMap(([key, shown]) =>
          typeof shown === 'object' && shown !== null ? [{ id, row, key, shown }] : [],
        ),
      ),
    );
    const of = ({ shown }: (typeof cells)[number]): Measure | undefined =>
      shown.measure === undefined ? undefined : measures[shown.measure];
    expect(cells.filter(of).length).toBeGreaterThan(0);
    for (const one of cells) {
      const found = of(one);
      if (!found) continue;
      const { value, interval } = one.shown;
      expect([one.id, one.key, value]).toEqual([one.id, one.key, found.value]);
      if (interval !== undefined) expect(interval).toEqual(found.interval);
      if (one.row.model !== undefined) expect(found.model).toBe(one.row.model);
      if (one.shown.mark?.startsWith(' of ')) expect(one.shown.mark).toBe(` of ${found.n}`);
    }
    // Neither what was left after each attack of several, nor what was shown to each system clean, is a measure.
    const told = ({ row, key }: (typeof cells)[number]) =>
      !(row.attack !== undefined && key.startsWith('at ')) && row.source !== 'none: clean images';
    const without = cells.filter((one) => !of(one) && told(one));
    expect(without.map(({ key }) => key).filter((key) => !others.includes(key))).toEqual([]);
  });
});
