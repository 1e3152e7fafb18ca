import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { writtenSheet } from '../../comparison/sheets.js';
import { cellAt } from '../../csv-records.js';

/** A sheet of a run that tells examples apart: `accuracy` with its columns but those two. */
export interface ViewedSheet {
  name: string;
  columns: readonly string[];
}

/** What sheets say of one example: the sheet, and a row of it. */
export type RowOf = readonly [sheet: number, cells: readonly string[]];

/**
 * Examples of a data set that are shown: those that come first in the sheets. A page of more would take gigabytes to make,
 * and nobody looks at them one by one; all rows lie in the sheets.
 */
const SHOWN = 20_000;

/** The examples of a data set that some sheet has rows of. */
export interface ViewedDataset {
  name: string;
  /** Some of its examples are not shown. */
  cut: boolean;
  /** By index, ascending. */
  examples: Map<number, RowOf[]>;
  /** Indices in the order of rows, by sheet and model: what the rows of an array of images are. */
  order: Map<string, number[]>;
}

export const orderKey = (sheet: string, model: string): string => JSON.stringify([sheet, model]);

/** Reads every sheet below `examples/` that has the columns `dataset` and `index`. Errors: those of `writtenSheet`. */
export async function readExamples(
  directory: string,
): Promise<{ sheets: ViewedSheet[]; datasets: ViewedDataset[] }> {
  const files = (await readdir(path.join(directory, 'examples')).catch(() => []))
    .filter((file) => file.endsWith('.csv'))
    .sort();
  const sheets: ViewedSheet[] = [];
  const datasets = new Map<string, ViewedDataset>();
  for (const file of files) {
    const sheet = await writtenSheet(directory, `examples/${file}`);
    if (!sheet) continue;
    const [dataset, index, model] = ['dataset', 'index', 'model'].map((name) => sheet.columns.indexOf(name));
    if (dataset < 0 || index < 0) continue;
    const name = file.slice(0, -'.csv'.length);
    const kept = sheet.columns.map((_, c) => c).filter((c) => c !== dataset && c !== index);
    const at = sheets.push({ name, columns: kept.map((c) => sheet.columns[c]) }) - 1;
    let number = 0;
    for await (const records of sheet.records())
      for (const record of records) {
        number++;
        const of = datasetOf(datasets, cellAt(record, dataset) ?? '');
        const example = Number(cellAt(record, index));
        const rows = of.examples.get(example) ?? [];
        if (rows.length === 0 && of.examples.size >= SHOWN) {
          of.cut = true;
          continue;
        }
        of.examples.set(example, rows);
        const row = sheet.cells(record, number);
        rows.push([at, kept.map((c) => row[c])]);
        if (model < 0) continue;
        const key = orderKey(name, row[model]);
        const order = of.order.get(key);
        if (order) order.push(example);
        else of.order.set(key, [example]);
      }
  }
  return { sheets, datasets: [...datasets.values()].map(sorted) };
}

function datasetOf(datasets: Map<string, ViewedDataset>, name: string): ViewedDataset {
  const known = datasets.get(name) ?? { name, cut: false, examples: new Map(), order: new Map() };
  datasets.set(name, known);
  return known;
}

const sorted = (dataset: ViewedDataset): ViewedDataset => ({
  ...dataset,
  examples: new Map([...dataset.examples].sort(([a], [b]) => a - b)),
});
