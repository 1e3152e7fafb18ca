import { describe, expect, test } from 'vitest';
import { ranksOf } from '../../src/comparison/ranks.js';
import { compareHeadlines, daggerMeaning, testNotes } from '../../src/report/comparison.js';
import { plainNames, sampleResults, testedSample } from './sample.js';

describe('ranks', () => {
  test.each([
    ['the best and the second best', 'higher', [0.9, 0.88, 0.7], 'best second other'],
    ['lower is better', 'lower', [0.9, 0.1, 0.2], 'other best second'],
    ['equal values are alike', 'higher', [1, 1, 0.5, 0.5, 0.2], 'best best second second other'],
    ['all equal marks none', 'higher', [1, 1], 'other other'],
    ['null and NaN are none', 'lower', [null, Number.NaN, 0.3, 0.4], 'other other best second'],
    ['one value is not a contest', 'higher', [0.9, null], 'other other'],
    ['no direction', 'none', [1, 2], 'other other'],
  ] as const)('%s', (_, better, values, ranks) => {
    expect(ranksOf(values, better).join(' ')).toBe(ranks);
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

  test('the best and the second best are marked; without tests nothing is said of the others', () => {
    const robust = comparison.rows.map((row) => row.cells[3]!.standing);
    expect(robust).toEqual(['other', 'best', 'other', 'second', 'other']);
    expect(comparison.rows.flatMap((row) => row.cells.map(({ dagger }) => dagger))).not.toContain(true);
    expect(daggerMeaning(sampleResults().comparisons)).toBeUndefined();
    expect(testNotes(comparison)).toEqual([]);
  });
});

describe('a tested comparison', () => {
  const results = testedSample();
  const comparison = compareHeadlines(results);

  test('what the data do not tell from the best has a dagger, whether it is second best or not', () => {
    const accuracy = comparison.rows.map(({ cells: [cell] }) => [cell!.standing, cell!.dagger]);
    expect(accuracy.slice(0, 4)).toEqual([
      ['best', false],
      ['other', false],
      ['second', true],
      ['other', true],
    ]);
  });

  test('the legend says by which tests, of how many, at which level; and what was not tested', () => {
    expect(daggerMeaning(results.comparisons)).toBe(
      'not distinguishable from the best at 5 % on the same examples (McNemar’s test (mid-p), Holm over 6 tests)',
    );
    expect(testNotes(comparison)).toEqual(['NLL: not tested, since there are no rows']);
  });
});
