import { describe, expect, it } from 'vitest';
import { type Compared, differenceOf } from '../../src/comparison/difference.js';
import { hasRows, readRows } from '../../src/comparison/read-rows.js';
import { type SheetCell, sheetsInMemory } from '../../src/comparison/sheets.js';
import { valueFromRows } from '../../src/comparison/statistics.js';
import { float32Text } from '../../src/suite.js';
import type { Measure, MeasureRows } from '../../src/suites/results.js';

const FILE = 'examples/sheet.csv';

type Rows = Omit<MeasureRows, 'sheet' | 'where'>;

/** A measure of a system, made from the rows of the sheet that are its own. */
const measureOf = (model: string, rows: Rows, more: MeasureRows['where'] = {}): Measure => ({
  suite: 'suite',
  measure: 'measure',
  title: 'Measure',
  model,
  dataset: 'test',
  params: {},
  value: 0,
  n: 0,
  interval: null,
  level: 0.95,
  method: 'none',
  better: 'higher',
  format: 'number',
  rows: { sheet: FILE, where: { model, ...more }, ...rows },
});

/** Two measures or more, each with its rows. */
async function compared(measures: readonly Measure[], columns: string[], rows: SheetCell[][]) {
  const own = measures.filter(hasRows);
  const found = await readRows(sheetsInMemory([{ name: 'sheet', file: FILE, columns, rows }]), own);
  return own.map((measure) => {
    const read = found.get(measure);
    if (!read) throw new Error('no rows');
    return { measure, rows: read };
  }) as [Compared, Compared, ...Compared[]];
}

const COLUMNS = ['model', 'index', 'value'];
const share: Rows = { statistic: 'share', columns: { outcome: 'value' } };
const mean: Rows = { statistic: 'mean', columns: { value: 'value' } };

describe('the difference of two measures', () => {
  it('of shares is McNemar on the examples that both have, whatever their order', async () => {
    const a = [1, 1, 1, 0, 1, 0, 1, 1, 0, 1];
    const b = [0, 1, 0, 0, 1, 0, 0, 1, 1, 1];
    const rows = [
      ...a.map((value, i) => ['a', i, value === 1]),
      // Another order, one example less and one more.
      ...b
        .map((value, i) => ['b', i, value === 1])
        .reverse()
        .slice(1),
      ['b', 99, true],
    ];
    const [one, other] = await compared([measureOf('a', share), measureOf('b', share)], COLUMNS, rows);
    const found = differenceOf(one, other);
    // Of the first nine: a is right on 0, 2 and 6 alone, b on 8.
    expect(found).toMatchObject({ test: 'mcnemar', n: 9, onlyA: 1, onlyB: 1, exact: 0.625, p: 0.375 });
    expect([found.value, found.a, found.b]).toEqual([
      expect.closeTo(2 / 9, 12),
      expect.closeTo(6 / 9, 12),
      expect.closeTo(4 / 9, 12),
    ]);
    const [lo, hi] = found.interval ?? [0, 0];
    expect(lo < 2 / 9 && 2 / 9 < hi).toBe(true);
    const back = differenceOf(other, one);
    expect([back.value, back.interval?.[0], back.p]).toEqual([
      expect.closeTo(-2 / 9, 12),
      expect.closeTo(-hi, 12),
      found.p,
    ]);
  });

  it('of a share over the worst of several rows takes each example once', async () => {
    const worst: Rows = { statistic: 'share-in-all', columns: { outcome: { column: 'value', is: 'kept' } } };
    const rows = ['a', 'b'].flatMap((model) =>
      [0, 1, 2].flatMap((index) =>
        [0, 1].map((source) => [model, index, model === 'a' && index === source ? 'lost' : 'kept']),
      ),
    );
    const [a, b] = await compared([measureOf('a', worst), measureOf('b', worst)], COLUMNS, rows);
    expect([valueFromRows(a.measure, a.rows), valueFromRows(b.measure, b.rows)]).toEqual([1 / 3, 1]);
    expect(differenceOf(a, b)).toMatchObject({ n: 3, p: 0.25, exact: 0.5 });
  });

  it('of means is the paired t test, up to the draws of the bootstrap', async () => {
    const of = (i: number) => Math.sin(i) + 2 * Math.cos(7 * i);
    const rows = Array.from({ length: 200 }, (_, i) => [
      ['a', i, of(i) + 0.1 + 0.5 * Math.sin(3 * i)],
      ['b', i, of(i)],
    ]).flat();
    const [a, b] = await compared([measureOf('a', mean), measureOf('b', mean)], COLUMNS, rows);
    const { value, interval, p, test } = differenceOf(a, b);
    expect(test).toBe('paired-bootstrap');
    // scipy.stats.ttest_rel of these numbers; its p is 9.0e-5.
    expect(value).toBeCloseTo(0.10012197248803367, 12);
    expect(interval?.[0]).toBeCloseTo(0.05073786571745061, 2);
    expect(p).toBeGreaterThan(1e-5);
    expect(p).toBeLessThan(2e-4);
    expect(differenceOf(a, b)).toEqual(differenceOf(a, b));
    expect(differenceOf(a, a)).toMatchObject({ value: 0, interval: [0, 0], p: 1 });
  });

  it('of medians amid equal numbers is no surer than the resamples can be', async () => {
    const median: Rows = { statistic: 'quantile', columns: { value: 'value' }, options: { q: 0.5 } };
    // Seven in ten are 2 against 1, and the others say the contrary.
    const rows = Array.from({ length: 200 }, (_, i) => [
      ['a', i, i % 10 < 7 ? 2 : 0],
      ['b', i, i % 10 < 7 ? 1 : 5],
    ]).flat();
    const [a, b] = await compared([measureOf('a', median), measureOf('b', median)], COLUMNS, rows);
    expect(differenceOf(a, b)).toMatchObject({ value: 1, interval: null, p: 2 / 1001 });
    expect(differenceOf(a, a)).toMatchObject({ value: 0, p: 1 });
  });

  it('of a value that is not there is told, not guessed', async () => {
    const median: Rows = { statistic: 'quantile', columns: { value: 'value' }, options: { q: 0.5 } };
    const rows = [0, 1, 2, 3].flatMap((i) => [
      ['a', i, i],
      ['b', i, i === 0 ? 1 : null],
      ['c', i + 10, i],
    ]);
    const [a, b, c] = await compared(
      ['a', 'b', 'c'].map((model) => measureOf(model, median)),
      COLUMNS,
      rows,
    );
    expect(differenceOf(a, b)).toMatchObject({
      value: null,
      p: null,
      n: 4,
      note: expect.stringMatching(/not defined/),
    });
    expect(differenceOf(a, c!)).toMatchObject({
      value: null,
      p: null,
      n: 0,
      note: expect.stringMatching(/no examples/),
    });
  });

  it('of other statistics, or with other options, is refused; what belongs to a system may differ', async () => {
    const ece = (bins: number): Rows => ({
      statistic: 'ece',
      columns: { confidence: 'value', outcome: 'value' },
      options: { bins },
    });
    const rows = ['a', 'b', 'c', 'd'].map((model) => [model, 0, 1]);
    const [a, b, c, d] = await compared(
      [measureOf('a', ece(15)), measureOf('b', ece(10)), measureOf('c', mean), measureOf('d', ece(15))],
      COLUMNS,
      rows,
    );
    for (const other of [b, c!]) expect(() => differenceOf(a, other)).toThrow(/not the same number/);
    expect(differenceOf(a, d!).n).toBe(1);
  });

  it('of rows that do not tell examples apart is refused', async () => {
    const rows = [
      ['a', 0, 1],
      ['a', 0, 0],
      ['b', 0, 1],
    ];
    const [a, b] = await compared([measureOf('a', mean), measureOf('b', mean)], COLUMNS, rows);
    expect(() => differenceOf(a, b)).toThrow(/two rows of one example/);
  });
});

describe('the difference of rankings', () => {
  const columns = ['model', 'role', 'index', 'score'];
  const ranking = (model: string, statistic: string, sets: readonly string[] = ['ood']) =>
    measureOf(
      model,
      {
        statistic,
        columns: { score: 'score' },
        against: sets.map((role) => ({ where: { model, role }, columns: { score: 'score' } })),
      },
      { role: 'test' },
    );
  const scores = (model: string, shift: number) =>
    ['test', 'ood', 'far'].flatMap((role, r) =>
      Array.from({ length: 60 }, (_, i) => [model, role, i, Math.sin(i * (r + 2)) + (r === 0 ? shift : 0)]),
    );

  it.each(['auroc', 'fpr95-id-positive', 'aupr-in', 'detection-error'])('%s', async (statistic) => {
    const rows = [...scores('a', 1), ...scores('b', 0.2)];
    const [a, b] = await compared(
      ['a', 'b'].map((model) => ranking(model, statistic, ['ood', 'far'])),
      columns,
      rows,
    );
    const found = differenceOf(a, b);
    expect(found).toMatchObject({
      n: 180,
      ...(statistic === 'auroc'
        ? { test: 'delong', method: 'delong-hybrid' }
        : { test: 'paired-bootstrap', method: 'bootstrap-hybrid' }),
    });
    expect(found.value).toBeCloseTo(valueFromRows(a.measure, a.rows) - valueFromRows(b.measure, b.rows), 12);
    expect(found.p).toBeLessThan(0.05);
    expect(Math.sign(found.interval?.[0] ?? 0)).toBe(Math.sign(found.interval?.[1] ?? 1));
    expect(differenceOf(a, a)).toMatchObject({ value: 0, p: 1 });
  });

  it.each(['fpr95-openood', 'aupr-in-trapezoid'])(
    '%s of scores that do not overlap is not tested, as it has no interval',
    async (statistic) => {
      const [a, b] = await compared(
        ['a', 'b'].map((model) => ranking(model, statistic)),
        columns,
        [...scores('a', 5), ...scores('b', 0.2)],
      );
      expect(differenceOf(a, b)).toMatchObject({
        interval: null,
        p: null,
        method: 'none',
        note: expect.stringMatching(/varies in none/),
      });
      expect(differenceOf(a, a)).toMatchObject({ value: 0, interval: [0, 0], p: 1 });
    },
  );

  it('is unchanged where only the digits of the scores are', async () => {
    const written = async (of: (value: number) => SheetCell) => {
      const rows = scores('a', 1).map(([model, role, index, score]) => [
        ...[model!, role!, index!],
        of(Math.fround(Number(score))),
      ]);
      return (await compared([ranking('a', 'auroc')], columns, rows))[0];
    };
    const a = await written((value) => value);
    const found = differenceOf(a, await written(float32Text));
    expect(found).toMatchObject({ value: 0, interval: [0, 0], p: 1, unchanged: true });
    expect(differenceOf(a, await written((value) => value + 1e-6)).unchanged).toBe(false);
  });

  it('against other OOD sets is refused', async () => {
    const rows = [...scores('a', 1), ...scores('b', 1)];
    const [a, b] = await compared([ranking('a', 'auroc'), ranking('b', 'auroc', ['far'])], columns, rows);
    expect(() => differenceOf(a, b)).toThrow(/OOD sets|not the same number/);
  });
});
