import { describe, expect, it } from 'vitest';
import { tableCells } from '../../src/report/cells.js';
import { escapeLatex } from '../../src/report/latex/escape.js';
import type { Table } from '../../src/suites/results.js';

describe('a mark behind a value', () => {
  const table: Table = {
    id: 'marked',
    title: 'Marked',
    columns: [{ key: 'share', title: 'share', format: 'percent', better: 'higher' }],
    rows: [
      { share: { value: 0.5, interval: [0.25, 0.75], mark: '†' } },
      { share: { value: 0.75, mark: ' of 8' } },
      { share: { value: null, mark: ' of 0' } },
    ],
  };

  it('stands beside the number, and nothing else changes', () => {
    const cells = tableCells(table).map(([cell]) => cell!);
    expect(cells.map(({ text }) => text)).toEqual(['50.0%†', '75.0% of 8', '–']);
    expect(cells.map(({ sort }) => sort)).toEqual(['0.5', '0.75', '']);
    expect(cells[1]).toMatchObject({ standing: 'best', numeric: true });
  });

  it('is what TeX prints', () => {
    expect(escapeLatex('50.0%†')).toBe('50.0\\%$^\\dagger$');
  });
});

it('p values have three digits, and the smallest a bound; the browser sorts by all digits', () => {
  const table: Table = {
    id: 'tests',
    title: 'Tests',
    columns: [{ key: 'p', title: 'p', format: 'p' }],
    rows: [{ p: 0.04213 }, { p: 4.2e-9 }, { p: 0 }, { p: 1 }, { p: null }],
  };
  const cells = tableCells(table).map(([cell]) => cell!);
  expect(cells.map(({ text }) => text)).toEqual(['0.042', '<0.001', '<0.001', '1.000', '–']);
  expect(cells[1]!.sort).toBe('4.2e-9');
});
