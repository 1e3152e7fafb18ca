import { describe, expect, it } from 'vitest';
import { compareSystems } from '../../src/comparison/compare-systems.js';
import { type SheetCell, sheetsInMemory } from '../../src/comparison/sheets.js';
import type { Measure, MeasureRows, Results } from '../../src/suites/results.js';

const FILE = 'examples/sheet.csv';
const COLUMNS = ['model', 'index', 'right'];

/** A system: whether it is right on each of its examples, by index. */
type Answers = Readonly<Record<number, boolean>>;

const answers = (right: readonly number[], from = 0): Answers =>
  Object.fromEntries(right.map((one, i) => [i + from, one === 1]));

const share = (model: string): MeasureRows => ({
  sheet: FILE,
  where: { model },
  statistic: 'share',
  columns: { outcome: 'right' },
});

const accuracyOf = (model: string, of: Answers, more: Partial<Measure> = {}): Measure => {
  const all = Object.values(of);
  return {
    suite: 'accuracy',
    measure: 'accuracy',
    title: 'Accuracy',
    model,
    dataset: 'test',
    params: {},
    value: all.filter(Boolean).length / all.length,
    n: all.length,
    interval: null,
    level: 0.95,
    method: 'wilson',
    better: 'higher',
    format: 'percent',
    headline: true,
    rows: share(model),
    ...more,
  };
};

const compare = (
  systems: Readonly<Record<string, Answers>>,
  measures: Measure[] = Object.entries(systems).map(([name, of]) => accuracyOf(name, of)),
  stochastic: readonly string[] = [],
) => {
  const rows = Object.entries(systems).flatMap(([model, of]) =>
    Object.entries(of).map(([index, right]): SheetCell[] => [model, Number(index), right]),
  );
  const about = Object.keys(systems).map((name) => ({ name, stochastic: stochastic.includes(name) }));
  const given = { measures, suites: [], systems: about, seed: 0 } as unknown as Results;
  return compareSystems(given, sheetsInMemory([{ name: 'sheet', file: FILE, columns: COLUMNS, rows }]));
};

/** n examples, of which `only` a has, `other` b has, and `both` both have. */
const twoOf = (n: number, both: number, only: number, other: number) => ({
  a: answers(Array.from({ length: n }, (_, i) => (i < both + only ? 1 : 0))),
  b: answers(
    Array.from({ length: n }, (_, i) => (i < both || (i >= both + only && i < both + only + other) ? 1 : 0)),
  ),
});

describe('systems of a run', () => {
  it('whose intervals overlap are told apart where the same examples tell them apart', async () => {
    // 33.6 % and 38.6 % of 500 images: 59 and 84 that only one is right on, z = 2.09. Their Wilson intervals overlap.
    const { columns, tests, level } = await compare(twoOf(500, 109, 59, 84));
    const { test, pairs, standings, cliques } = columns[0]!;
    expect([test, tests, level]).toEqual(['mcnemar', 1, 0.05]);
    expect(pairs).toEqual([
      {
        a: 'a',
        b: 'b',
        n: 500,
        difference: expect.closeTo(-0.05, 12),
        interval: [expect.closeTo(-0.0967, 3), expect.closeTo(-0.0028, 3)],
        // 2 P(X <= 59) - P(X = 59) of 143 throws.
        p: expect.closeTo(0.037, 3),
        corrected: expect.closeTo(0.037, 3),
      },
    ]);
    expect(standings).toEqual([
      { model: 'a', standing: 'other', second: true },
      { model: 'b', standing: 'best', second: false },
    ]);
    expect(cliques).toEqual([]);
  });

  it('are corrected for all tests of the table: the same two are not told apart among four', async () => {
    const { a, b } = twoOf(500, 109, 59, 84);
    const { columns, tests } = await compare({ a, b, c: a, d: b });
    expect(tests).toBe(6);
    expect(columns[0]!.standings).toEqual([
      { model: 'a', standing: 'indistinguishable', second: true },
      { model: 'b', standing: 'best', second: false },
      { model: 'c', standing: 'indistinguishable', second: true },
      { model: 'd', standing: 'best', second: false },
    ]);
    expect(columns[0]!.cliques).toEqual([['a', 'b', 'c', 'd']]);
  });

  it('with other examples are compared on those that they share, which are counted', async () => {
    const { a, b } = twoOf(100, 10, 60, 0);
    const late = answers(
      Array.from({ length: 30 }, () => 0),
      90,
    );
    const { columns } = await compare({ a, b, late, none: answers([1, 0], 1000) });
    const pairs = columns[0]!.pairs.map(({ a: one, b: other, n, p, note }) => [
      one,
      other,
      n,
      p === null,
      note,
    ]);
    expect(pairs).toEqual([
      ['a', 'b', 100, false, undefined],
      ['a', 'late', 10, false, undefined],
      ['a', 'none', 0, true, 'they share no examples'],
      ['b', 'late', 10, false, undefined],
      ['b', 'none', 0, true, 'they share no examples'],
      ['late', 'none', 0, true, 'they share no examples'],
    ]);
    // On ten shared examples "a" and "late" are equally wrong. What was not tested has no mark.
    const marks = columns[0]!.standings.map(({ standing }) => standing);
    expect(marks).toEqual(['best', 'other', 'indistinguishable', 'other']);
  });

  it('are not tested where a measure has no rows, or those it names are not there: the others are', async () => {
    const { a, b } = twoOf(50, 10, 30, 0);
    const other = (name: string, more: Partial<Measure>) =>
      [a, b].map((of, i) => accuracyOf('ab'[i]!, of, { measure: name, title: name, ...more }));
    const measures = [
      ...other('told', {}),
      ...other('silent', { rows: undefined }),
      ...other('broken', { rows: { ...share('a'), columns: { outcome: 'wrong' } } }),
      ...other('lost', { rows: { ...share('a'), sheet: 'examples/other.csv' } }),
      ...other('neither', { better: 'none' }),
      ...other('small', { headline: false }),
    ];
    const { columns, tests } = await compare({ a, b }, measures);
    expect(columns.map(({ measure, test, note }) => [measure, test, note])).toEqual([
      ['told', 'mcnemar', undefined],
      ['silent', null, expect.stringMatching(/^not tested, since the measure does not say/)],
      ['broken', null, 'not tested, since the sheet has no column "wrong"'],
      ['lost', null, expect.stringMatching(/^not tested, since .* the run does not have$/)],
    ]);
    expect(tests).toBe(1);
    const marks = columns.map(({ standings }) => standings.map(({ standing }) => standing));
    expect(marks).toEqual(Array(4).fill(['best', 'other']));
  });

  it('of which one has no value: the others are tested', async () => {
    const { a, b } = twoOf(50, 10, 30, 0);
    const measures = [
      accuracyOf('a', a),
      accuracyOf('b', b),
      accuracyOf('c', a, { value: null, rows: undefined }),
    ];
    const { columns } = await compare({ a, b }, measures);
    expect(columns[0]!.pairs.map((pair) => [pair.a, pair.b])).toEqual([['a', 'b']]);
    expect(columns[0]!.standings.map(({ standing }) => standing)).toEqual(['best', 'other', 'other']);
  });

  it('that answer at random are tested, and it is said of what', async () => {
    const { columns } = await compare(twoOf(50, 10, 30, 0), undefined, ['b']);
    expect([columns[0]!.test, columns[0]!.note]).toEqual([
      'mcnemar',
      expect.stringMatching(/^b answers at random/),
    ]);
  });

  it('alone, or all alike, have no marks', async () => {
    const { a } = twoOf(50, 10, 30, 0);
    expect((await compare({ a })).columns).toEqual([]);
    const { columns } = await compare({ a, b: a });
    expect(columns[0]).toMatchObject({
      standings: [{ standing: 'other' }, { standing: 'other' }],
      cliques: [['a', 'b']],
    });
  });
});
