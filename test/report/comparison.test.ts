import { describe, expect, test } from 'vitest';
import { compareHeadlines, standing } from '../../src/report/comparison.js';
import { plainNames, sampleResults } from './sample.js';

const at = (value: number | null, lo?: number, hi?: number) => ({
  value,
  interval: lo === undefined || hi === undefined ? null : ([lo, hi] as const),
});

describe('standing', () => {
  test.each([
    [
      'overlap ties',
      'higher',
      [at(0.9, 0.85, 0.95), at(0.88, 0.8, 0.86), at(0.7, 0.6, 0.8)],
      'best tied other',
    ],
    ['touching intervals overlap', 'higher', [at(0.9, 0.85, 0.95), at(0.8, 0.75, 0.85)], 'best tied'],
    ['lower is better', 'lower', [at(0.9, 0.85, 0.95), at(0.1, 0.05, 0.2)], 'other best'],
    ['equal values are all best', 'higher', [at(1), at(1), at(0.5)], 'best best other'],
    ['all equal marks none', 'higher', [at(1), at(1)], 'other other'],
    ['no interval, no tie', 'higher', [at(0.9), at(0.89, 0.8, 0.95)], 'best other'],
    [
      'null and NaN never win',
      'lower',
      [at(null), at(Number.NaN), at(0.3), at(0.4)],
      'other other best other',
    ],
    ['one value is not a contest', 'higher', [at(0.9, 0.8, 1), at(null)], 'other other'],
    ['no direction', 'none', [at(1), at(2)], 'other other'],
  ] as const)('%s', (_, better, values, marks) => {
    expect(standing(values, better).join(' ')).toBe(marks);
  });
});

describe('comparison', () => {
  const comparison = compareHeadlines(sampleResults());

  test('a column per headline measure, data set and parameters', () => {
    expect(comparison.columns.map((c) => `${c.title}/${c.dataset}`)).toEqual([
      'Accuracy/test',
      'NLL/test',
      'ECE, 15 bins/test',
      'Robust accuracy, Linf 8/255/test',
      'AUROC, log p(x)/letters',
      'AUROC, log p(x)/textures',
      'Under BPDA + EOT/test',
    ]);
  });

  test('a row per system, with holes where nothing was measured', () => {
    expect(comparison.rows.map((row) => row.system)).toEqual(sampleResults().systems.map((s) => s.name));
    const scalar = comparison.rows.find((row) => row.system === plainNames.scalar);
    expect(scalar?.cells.map((cell) => cell.measure?.value)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      0.8876,
      null,
      undefined,
    ]);
  });

  test('the best and what overlaps it are marked', () => {
    const robust = comparison.rows.map((row) => row.cells[3].standing);
    expect(robust).toEqual(['other', 'best', 'other', 'tied', 'other']);
  });
});
