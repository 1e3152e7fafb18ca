import { parse } from 'csv-parse/sync';
import { describe, expect, test } from 'vitest';
import { buildTable } from '../../../src/report/tables/build.js';
import { tableFormats } from '../../../src/report/tables/formats.js';
import type { PaperTable } from '../../../src/report/tables/paper-table.js';
import { presetNames, readTables } from '../../../src/report/tables/table-file.js';
import type { Measure } from '../../../src/suites/results.js';
import { compile, complaints, documentsOf, whyNoTex } from '../../tex.js';
import { hostileNames } from '../run-folder.js';
import { plainNames, sampleResults } from '../sample.js';

async function tablesOf(name: string, names = hostileNames): Promise<PaperTable[]> {
  const { tables, file } = await readTables(name);
  const results = sampleResults(names);
  const means = { letters: 'near', textures: 'far' };
  results.measures.push(
    ...Object.entries(means).flatMap(([set, distance]) =>
      ['auroc', 'fpr95-ood-positive'].flatMap((measure) =>
        results.measures
          .filter((m) => m.measure === 'auroc' && m.dataset === set)
          .map((m) => ({ ...m, measure: `${distance}-${measure}`, dataset: 'test' })),
      ),
    ),
  );
  results.measures.push(
    ...['as-published', 'as-it-should-be'].flatMap((measure) => results.measures.flatMap(asOfJem(measure))),
  );
  const runs = [{ folder: 'a', results }];
  return tables.flatMap((spec) => buildTable(spec, runs, file, '').table ?? []);
}

/** What the suite `jem` calls a measure of the sample. */
const asOfJem =
  (measure: string) =>
  (m: Measure): Measure[] => {
    const { score, norm, epsilon } = m.params;
    const known: Record<string, Measure['params']> = {
      accuracy: {},
      ece: {},
      auroc: { score: score!, against: m.dataset },
      'robust-accuracy': { norm: norm!, epsilon: epsilon! },
    };
    if (!(m.measure in known)) return [];
    const params = { ...known[m.measure], quantity: m.measure };
    return [{ ...m, suite: 'jem', measure, dataset: 'test', params }];
  };

const table = (): PaperTable => {
  const spec = {
    id: 't',
    caption: 'A caption with 100 % & <more>',
    label: 'tab:t',
    intervals: 'brackets' as const,
    columns: [{ measure: 'accuracy', title: 'Accuracy', group: 'Clean' }],
  };
  const built = buildTable(spec, [{ folder: 'a', results: sampleResults(hostileNames) }], 'f', '').table;
  if (!built) throw new Error('no table');
  return built;
};

describe('formats', () => {
  test('LaTeX: a float with caption and label', () => {
    const text = tableFormats.latex!.write(table());
    expect(text).toContain(
      '\\begin{table*}[t]\n\\centering\n\\caption{A caption with 100 \\% \\& \\textless{}more',
    );
    expect(text).toContain('\\label{tab:t}');
    expect(text).toContain('\\multicolumn{1}{c}{Clean}');
  });

  test('Markdown: names stay text, a row a line', () => {
    const lines = tableFormats.markdown!.write(table()).split('\n');
    expect(lines[2]).toBe('| Model | Clean: Accuracy (%) ↑ |'.replace(' ↑', '\u00a0↑'));
    expect(lines[4]).toBe('| \\<script\\>window.hurt = 1\\</script\\> | **98.9** \\[98.3, 99.2\\] |');
    expect(lines.slice(4, 8).every((line) => line.startsWith('| ') && line.endsWith(' |'))).toBe(true);
  });

  test('CSV: full precision, interval and n beside it', () => {
    const [head, first] = parse(tableFormats.csv!.write(table()));
    expect(head).toEqual([
      'model',
      'Clean: Accuracy',
      'Clean: Accuracy lo',
      'Clean: Accuracy hi',
      'Clean: Accuracy n',
    ]);
    expect(first!.slice(1)).toEqual(['0.9885', '0.983', '0.9923', '2000']);
  });

  test('HTML: names are escaped', () => {
    const text = tableFormats.html!.write(table());
    expect(text).not.toContain('<script>');
    expect(text).toContain('<b>98.9</b> <small>[98.3, 99.2]</small>');
    expect(text).toContain('<th colspan="1">Clean</th>');
  });
});

describe('presets', () => {
  test.each(presetNames())('%s has tables of the sample', async (name) => {
    expect((await tablesOf(name)).length).toBeGreaterThan(0);
  });
});

const why = whyNoTex();

test.skipIf(why !== undefined)('every preset and example compiles and fits, in its width', async () => {
  const names = [...presetNames(), 'examples/tables/two-columns.yaml'];
  const tables = (
    await Promise.all(
      names.map((name) => tablesOf(name, name.startsWith('examples') ? plainNames : hostileNames)),
    )
  ).flat();
  for (const width of ['text', 'column'] as const) {
    // The float is that of the document; the file's own would be one within another.
    const files = tables
      .filter((made) => made.width === width)
      .map((made) => ({
        path: `${made.id}.tex`,
        content: tableFormats
          .latex!.write(made)
          .replace(/^\\(begin|end)\{table\*?\}(\[t\])?$/gm, '')
          .replace(/^\\caption.*$/gm, ''),
      }));
    expect(files.length).toBeGreaterThan(0);
    const logs = await compile(documentsOf(files, width === 'text'), files);
    expect(Object.values(logs).flatMap(complaints)).toEqual([]);
  }
});
