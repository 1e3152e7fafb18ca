import { describe, expect, test } from 'vitest';
import { type SheetCell, sheetsInMemory } from '../../../src/comparison/sheets.js';
import { buildTable } from '../../../src/report/tables/build.js';
import type { Run } from '../../../src/report/tables/candidates.js';
import { markUndecided } from '../../../src/report/tables/undecided.js';
import type { Results } from '../../../src/suites/results.js';
import { sampleResults } from '../sample.js';

const FILE = 'examples/accuracy.csv';

/** A run in which a system is right on the first so many of 200 images. */
function runOf(folder: string, right: Readonly<Record<string, number>>, change: Partial<Results> = {}): Run {
  const sample = sampleResults().measures[0]!;
  const measures = Object.entries(right).map(([model, hits]) => ({
    ...sample,
    model,
    value: hits / 200,
    n: 200,
    rows: { sheet: FILE, where: { model }, statistic: 'share', columns: { outcome: 'correct' } },
  }));
  const rows = Object.entries(right).flatMap(([model, hits]) =>
    Array.from({ length: 200 }, (_, i): SheetCell[] => [model, i, i < hits]),
  );
  return {
    folder,
    results: { ...sampleResults(), measures, ...change },
    sheets: sheetsInMemory([{ name: 'accuracy', file: FILE, columns: ['model', 'index', 'correct'], rows }]),
  };
}

async function marked(runs: readonly Run[]) {
  const spec = { id: 't', columns: [{ measure: 'accuracy', title: 'Accuracy' }] };
  const { table } = buildTable(spec, runs, 'mine.yaml', 'tables[0]');
  if (!table) throw new Error('there is no table');
  const { rows, remarks } = await markUndecided(table);
  return { texts: rows.map((row) => row.map(({ text }) => text).join(' ')), remarks: remarks.join('\n') };
}

describe('a table for papers', () => {
  test('marks what the data do not tell from the best, over several runs on the same images', async () => {
    const { texts, remarks } = await marked([runOf('a', { good: 190, near: 188 }), runOf('b', { bad: 120 })]);
    expect(texts).toEqual(['good 95.0', 'near 94.0†', 'bad 60.0']);
    expect(remarks).toContain('†: not distinguishable from the best at 5 %');
    expect(remarks).toContain('McNemar’s test (mid-p), Holm over 3 tests');
  });

  test('tests nothing on other images, nor where the sheets are gone, and says so', async () => {
    const { datasets } = sampleResults();
    const others = datasets.map((dataset) => ({ ...dataset, fingerprint: 'other', examples: 'other' }));
    const other = await marked([runOf('a', { good: 190 }), runOf('b', { near: 188 }, { datasets: others })]);
    expect(other.texts).toEqual(['good 95.0', 'near 94.0']);
    expect(other.remarks).toContain('Accuracy: not tested, since it is of other images');
    const gone = { ...runOf('a', { good: 190, near: 188 }), sheets: sheetsInMemory([]) };
    const { texts, remarks } = await marked([gone]);
    expect(texts).toEqual(['good 95.0', 'near 94.0']);
    expect(remarks).toMatch(/not tested, since .*sheet/);
  });
});
