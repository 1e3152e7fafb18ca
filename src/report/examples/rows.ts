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
  /** By sheet and model. */
  order: Map<string, RowOrder>;
}

/** What the rows of an array of images are. */
export interface RowOrder {
  /** In all. */
  rows: number;
  /** Indices of the first rows, up to one that is not shown. */
  indices: number[];
}

export const orderKey = (sheet: string, model: string): string => JSON.stringify([sheet, model]);

/**
 * Reads every sheet below `examples/` that has the columns `dataset` and `index`.
 * @param most examples of a data set that are shown
 * Errors: those of `writtenSheet`.
 */
export async function readExamples(
  directory: string,
  most = SHOWN,
): Promise<{ sheets: ViewedSheet[]; datasets: ViewedDataset[] }> {
  const files = (await readdir(path.join(directory, 'examples')).catch(() => []))
    .filter((file) => file.endsWith('.csv'))
    .sort();
  const sheets: ViewedSheet[] = [];
  const datasets = new Map<string, ViewedDataset>();
  const known = shared();
  let cut = false;
  for (const file of files) {
    const sheet = await writtenSheet(directory, `examples/${file}`);
    if (!sheet) continue;
    const [dataset, index, model] = ['dataset', 'index', 'model'].map((name) =>
      sheet.columns.indexOf(name),
    ) as [number, number, number];
    if (dataset < 0 || index < 0) continue;
    const name = file.slice(0, -'.csv'.length);
    const kept = sheet.columns.map((_, c) => c).filter((c) => c !== dataset && c !== index);
    const at = sheets.push({ name, columns: kept.map((c) => sheet.columns[c]!) }) - 1;
    const keyOf = keysOf(name);
    let number = 0;
    for await (const records of sheet.records())
      for (const record of records) {
        number++;
        // Records are cut up as long as all are shown; of the others only what says where they belong is looked at.
        const row = cut ? undefined : sheet.cells(record, number);
        const cell = (c: number) => (row ? row[c] : cellAt(record, c));
        const of = datasetOf(datasets, cell(dataset) ?? '');
        const example = Number(cell(index));
        const rows = of.examples.get(example) ?? [];
        const shown = rows.length > 0 || of.examples.size < most;
        if (model >= 0) enter(of, keyOf(cell(model) ?? ''), example, shown);
        if (!shown) {
          of.cut = true;
          cut = true;
          continue;
        }
        of.examples.set(example, rows);
        const cells = row ?? sheet.cells(record, number);
        rows.push([at, kept.map((c) => known(cells[c]!))]);
      }
  }
  return { sheets, datasets: [...datasets.values()].map(sorted) };
}

/** The keys of the models of a sheet, each made once. */
function keysOf(sheet: string): (model: string) => string {
  const keys = new Map<string, string>();
  return (model) => {
    const key = keys.get(model) ?? orderKey(sheet, model);
    keys.set(model, key);
    return key;
  };
}

function enter({ order }: ViewedDataset, key: string, example: number, shown: boolean): void {
  const known = order.get(key) ?? { rows: 0, indices: [] };
  order.set(key, known);
  if (shown && known.indices.length === known.rows) known.indices.push(example);
  known.rows++;
}

/** The same text for equal cells: most are verdicts, classes and names. */
function shared(): (cell: string) => string {
  const all = new Map<string, string>();
  return (cell) => {
    if (cell.length > LONG) return cell;
    const found = all.get(cell);
    if (found === undefined && all.size < REMEMBERED) all.set(cell, cell);
    return found ?? cell;
  };
}

/** Numbers with all their digits are mostly of one example. */
const LONG = 12;
const REMEMBERED = 10_000;

function datasetOf(datasets: Map<string, ViewedDataset>, name: string): ViewedDataset {
  const known = datasets.get(name) ?? { name, cut: false, examples: new Map(), order: new Map() };
  datasets.set(name, known);
  return known;
}

const sorted = (dataset: ViewedDataset): ViewedDataset => ({
  ...dataset,
  examples: new Map([...dataset.examples].sort(([a], [b]) => a - b)),
});
