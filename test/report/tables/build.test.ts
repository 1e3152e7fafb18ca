import { describe, expect, test } from 'vitest';
import { AssayError } from '../../../src/errors.js';
import { buildTable } from '../../../src/report/tables/build.js';
import type { Run } from '../../../src/report/tables/candidates.js';
import type { PaperTable } from '../../../src/report/tables/paper-table.js';
import type { TableColumn, TableSpec } from '../../../src/report/tables/spec.js';
import { sampleResults } from '../sample.js';

const run = (folder = 'a', change: (results: Run['results']) => void = () => undefined): Run => {
  const results = { ...sampleResults(), key: folder };
  change(results);
  return { folder, results };
};
const build = (columns: TableColumn[], spec: Partial<TableSpec> = {}, runs: readonly Run[] = [run()]) =>
  buildTable({ id: 't', columns, ...spec }, runs, 'mine.yaml', 'tables[0]');
const texts = (table: PaperTable | undefined) =>
  table?.rows.map((row) => row.map(({ text, interval }) => `${text} ${interval}`.trim()));
const titles = (table: PaperTable | undefined) => table?.columns.map(({ title }) => title);
const refusal = (act: () => unknown): AssayError => {
  try {
    act();
  } catch (error) {
    if (error instanceof AssayError) return error;
    throw error;
  }
  throw new Error('it was not refused');
};

const accuracy = { title: 'Accuracy', measure: 'accuracy' };

describe('cells', () => {
  test.each([
    ['off', undefined, '98.9'],
    ['brackets', undefined, '98.9 [98.3, 99.2]'],
    ['plus-minus', 2, '98.85 ± 0.46'],
  ] as const)('intervals %s, decimals %s', (intervals, decimals, expected) => {
    const { table } = build([{ ...accuracy, ...(decimals && { decimals }) }], { intervals });
    expect(texts(table)?.[0]).toEqual(['baseline', expected]);
    expect(titles(table)).toEqual(['Model', 'Accuracy (%)\u00a0↑']);
  });

  test('a number as percent, n and a parameter', () => {
    const nll = { measure: 'nll', format: 'percent' } as const;
    const robust = { measure: 'robust-accuracy', where: { epsilon: '8/255' } };
    const { table } = build(
      [nll, { ...robust, show: 'n', title: 'n' }, { ...robust, show: 'method', title: 'Attack' }],
      {
        names: { pgd: 'PGD', baseline: 'Standard' },
      },
    );
    expect(texts(table)?.[0]).toEqual(['Standard', '4.1', '200', 'PGD']);
    expect(table?.columns.map(({ numeric }) => numeric)).toEqual([false, true, true, false]);
  });

  test('best and second best are marked in the direction of the measure', () => {
    const { table } = build([accuracy, { measure: 'ece', title: 'ECE' }]);
    const marks = table?.rows.map((row) => row.slice(1).map(({ standing }) => standing));
    expect(marks).toEqual([
      ['best', 'second'],
      ['other', 'other'],
      ['second', 'best'],
      ['other', 'other'],
    ]);
    expect(build([accuracy], { marks: false }).table?.rows[0]?.[1]?.standing).toBe('other');
  });
});

describe('rows and columns', () => {
  test('a column for each value, in the order of the runs', () => {
    const each = {
      measure: 'robust-accuracy',
      each: ['norm', 'epsilon'],
      title: '{norm} {epsilon}',
      group: 'Robust',
    };
    const { table } = build([each]);
    expect(table?.columns.slice(1).map(({ name }) => name)).toEqual([
      'Robust: ℓ∞ 8/255',
      'Robust: ℓ∞ 2/255',
      'Robust: ℓ∞ 4/255',
      'Robust: ℓ∞ 16/255',
    ]);
  });

  test('rows of two fields; a measure without one of them is the same in all of their rows', () => {
    const { table } = build([{ measure: 'auroc', each: ['dataset'], title: '{dataset}' }, accuracy], {
      rows: ['score', 'model'],
      only: { model: ['jem', 'baseline'] },
    });
    expect(texts(table)).toEqual([
      ['log-px', 'jem', '93.1', '99.9', '98.5'],
      ['log-px', 'baseline', '81.2', '97.6', '98.9'],
    ]);
  });

  test('sorted by the first of the columns that `each` makes, best first', () => {
    const each = { measure: 'robust-accuracy', each: ['norm', 'epsilon'], title: '{norm} {epsilon}' };
    const { table } = build([{ ...each, group: 'Robust' }], { sort: 'Robust: {norm} {epsilon}' });
    const values = table!.rows.flatMap((row) => row[1]?.data?.value ?? []);
    expect(values.length).toBeGreaterThan(1);
    expect(values).toEqual([...values].sort((a, b) => b - a));
    expect(texts(table)).not.toEqual(texts(build([{ ...each, group: 'Robust' }]).table));
  });

  test('what a measure needs is told where no run has it', () => {
    const { missing } = build([accuracy, { measure: 'fid', title: 'FID' }], { needs: 'the suite samples' });
    expect(missing).toContain('FID: no run has fid; it needs the suite samples');
  });

  test('sorted best first, with facts', () => {
    const facts = { jem: { data: '80M', extra: true } };
    const { table, missing } = build([{ measure: 'ece', title: 'ECE' }, { fact: 'extra' }], {
      sort: 'ECE',
      facts,
    });
    expect(texts(table)?.map(([name, , fact]) => [name, fact])).toEqual([
      ['jem', 'yes'],
      ['baseline', '–'],
      ['jem-purified-10-steps-5-chains', '–'],
      ['robust-pgd', '–'],
    ]);
    expect(missing[0]).toBe(
      'extra of baseline: no such fact, add `facts: { baseline: { extra: ... } }` to the table',
    );
  });

  test('folders with other models are merged by model', () => {
    const other = run('b', (results) => {
      for (const thing of [...results.measures]) thing.model = `${thing.model}-b`;
      results.systems = [];
    });
    const { table } = build([accuracy], {}, [run(), other]);
    expect(table?.rows.map(([first]) => first!.text)).toHaveLength(8);
  });
});

describe('what is missing is told', () => {
  test.each([
    [
      'of a system that has no such thing',
      [accuracy, { measure: 'auroc', where: { dataset: 'letters' }, title: 'AUROC' }],
      'Accuracy of scalar-ebm: the model has one scalar output (energy) and no logits, so it names no class',
    ],
    [
      'an undefined value',
      [{ measure: 'auroc', where: { dataset: 'textures' }, title: 'AUROC' }],
      'AUROC of scalar-ebm: undefined: no example of one class',
    ],
    [
      'a measure that no run has',
      [accuracy, { measure: 'robust-acuracy' }],
      'robust-acuracy: no run has robust-acuracy (did you mean "robust-accuracy"?)',
    ],
    [
      'a radius that no run has',
      [accuracy, { measure: 'robust-accuracy', where: { epsilon: '1/255' }, title: 'R' }],
      'R: no run has robust-accuracy with epsilon 1/255: there is 8/255, 2/255, 4/255, 16/255',
    ],
    [
      'a system without a row',
      [accuracy],
      'scalar-ebm has no row: none of these measures is of it; the model has one scalar output (energy) and no logits, so it names no class',
    ],
    [
      'a measure that no run has, in a column for each of its radii',
      [accuracy, { measure: 'no-such', each: ['norm', 'epsilon'], title: 'Robust: {norm} {epsilon}' }],
      'Robust: no run has no-such',
    ],
  ] as const)('%s', (_, columns, line) => {
    expect(build([...columns] as TableColumn[]).missing).toContain(line);
  });

  test('values that were not measured alike', () => {
    const other = run('b', (results) => {
      results.systems = [];
      results.datasets = results.datasets.map((dataset) => ({ ...dataset, fingerprint: 'sha256:other' }));
      for (const m of results.measures) {
        m.model = `${m.model}-b`;
        if (m.params.steps) m.params = { ...m.params, steps: 100 };
      }
    });
    const robust = { measure: 'robust-accuracy', where: { epsilon: '8/255' }, title: 'Robust' };
    const { missing } = build([robust], {}, [run('a'), other]);
    expect(missing).toContain('Robust mixes values that differ in steps (40, 100)');
    expect(missing).toContain('Robust mixes values on different images: test is not the same in all runs');
  });

  test('a table with nothing in it is left out', () => {
    expect(build([{ measure: 'fid' }])).toEqual({ missing: ['table t is left out: no run has fid'] });
  });
});

describe('nothing is picked', () => {
  test('several measures in one cell are refused, and what tells them apart is named', () => {
    const { code, details } = refusal(() => build([{ measure: 'robust-accuracy' }]));
    expect(code).toBe('config-invalid');
    expect(details).toMatchObject({
      file: 'mine.yaml',
      path: 'tables[0].columns[0]',
      found: expect.stringMatching(/epsilon \(8\/255, 2\/255, 4\/255, 16\/255\)/),
      hint: expect.stringMatching(/each: \[.*epsilon/),
    });
  });

  test('the same model in two folders is refused, unless folders are rows, columns or seeds', () => {
    const runs = [run('a'), run('b')];
    const { details } = refusal(() => build([accuracy], {}, runs));
    expect(details.found).toBe('measures that differ in folder (a, b)');
    expect(details.hint).toMatch(/seeds: folders/);
    expect(build([accuracy], { rows: ['model', 'folder'] }, runs).table?.rows).toHaveLength(8);
    expect(build([{ ...accuracy, each: ['folder'] }], {}, runs).table?.columns).toHaveLength(3);
    expect(build([{ ...accuracy, where: { folder: 'b' } }], {}, runs).table?.rows).toHaveLength(4);
  });

  test('a column to sort by that is not there', () => {
    const { code, details } = refusal(() => build([accuracy], { sort: 'Acuracy' }));
    expect(code).toBe('unknown-name');
    expect(details).toMatchObject({ path: 'tables[0].sort', hint: 'did you mean "Accuracy"?' });
  });
});

describe('seeds', () => {
  const accuracyOf = (value: number) => (results: Run['results']) => {
    for (const m of results.measures) if (m.measure === 'accuracy') m.value = value;
  };

  test('folders: mean and deviation with n - 1', () => {
    const runs = [run('a', accuracyOf(0.9)), run('b', accuracyOf(0.92)), run('c', accuracyOf(0.97))];
    const { table } = build([{ ...accuracy, decimals: 2 }], { seeds: 'folders' }, runs);
    expect(texts(table)?.[0]).toEqual(['baseline', '93.00 ± 3.61']);
    expect(table?.rows[0]?.[1]?.data).toMatchObject({ seeds: 3, deviation: expect.closeTo(0.0360555, 6) });
    const whole = build([{ ...accuracy, decimals: 2 }], { seeds: 'folders', deviation: 'population' }, runs);
    expect(whole.table?.rows[0]?.[1]?.data?.deviation).toBeCloseTo(0.0360555 * Math.sqrt(2 / 3), 6);
    expect(whole.table?.remarks.join(' ')).toContain('with n as divisor');
  });

  test('models of one run', () => {
    const { table, missing } = build([accuracy], {
      seeds: { net: ['baseline', 'robust-pgd', 'scalar-ebm'] },
    });
    expect(texts(table)).toContainEqual(['net', '97.7 ± 1.7']);
    expect(missing).toContain('Accuracy of net: mean of 2 of 3 seeds');
  });

  test('one folder has no deviation, which is told', () => {
    const { table, missing } = build([accuracy], { seeds: 'folders' });
    expect(texts(table)?.[0]).toEqual(['baseline', '98.9']);
    expect(table?.remarks.join(' ')).not.toContain('deviation');
    expect(missing).toContain('table t: one run folder is one seed, so there is no deviation');
  });

  test('the same run twice is no two seeds', () => {
    const { details } = refusal(() =>
      build([accuracy], { seeds: 'folders' }, [run('a'), { ...run('a'), folder: 'b' }]),
    );
    expect(details.found).toBe('run a in a and b');
  });

  test('a seed that no run has', () => {
    const { details } = refusal(() => build([accuracy], { seeds: { net: ['baseline', 'bseline'] } }));
    expect(details).toMatchObject({ path: 'tables[0].seeds.net[1]' });
  });
});
