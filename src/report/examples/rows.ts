import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { writtenSheet } from '../../comparison/sheets.js';
import type { RecordBlock } from '../../csv-places.js';
import { columnsOf, type SheetColumns, SheetRows, type ViewedSheet } from './sheet-rows.js';

/**
 * Examples of a data set that are shown: those that come first in the sheets. A page of more would take gigabytes to make,
 * and nobody looks at them one by one; all rows lie in the sheets.
 */
const SHOWN = 20_000;

/** The examples of a data set that some sheet has rows of. What is said of each has its place: in the order they were met in. */
export class ViewedDataset {
  /** Some of its examples are not shown. */
  cut = false;
  /** By index, the place. */
  readonly places = new Map<number, number>();
  /** By place; -1 where there is none. */
  readonly labels: number[] = [];
  /** By model and place: the class predicted of the clean image; -1 where there is none. */
  readonly predictions = new Map<string, number[]>();
  /** By number of the sheet. */
  readonly sheets = new Map<number, SheetRows>();

  constructor(readonly name: string) {}

  /** Indices, ascending. */
  get indices(): number[] {
    return [...this.places.keys()].sort((a, b) => a - b);
  }

  /** The place of an example; undefined where as many are shown as may be. */
  placeOf(index: number, most: number): number | undefined {
    const known = this.places.get(index);
    if (known !== undefined) return known;
    if (this.places.size >= most) {
      this.cut = true;
      return undefined;
    }
    this.places.set(index, this.labels.length);
    this.labels.push(-1);
    return this.labels.length - 1;
  }
}

/**
 * Reads every sheet below `examples/` that has the columns `dataset` and `index`. Rows are not kept, but where they lie.
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
  for (const file of files) {
    const written = await writtenSheet(directory, `examples/${file}`);
    if (!written) continue;
    const sheet = { name: file.slice(0, -'.csv'.length), columns: written.columns };
    const columns = columnsOf(sheet);
    if (columns.dataset < 0 || columns.index < 0) continue;
    const at = sheets.push(sheet) - 1;
    for await (const block of written.places())
      for (let r = 0; r < block.length; r++) {
        const name = block.cell(r, columns.dataset);
        // Of no data set, such as an image that a model drew: numbers of those say nothing of examples.
        if (name === '') continue;
        const dataset = datasets.get(name) ?? new ViewedDataset(name);
        datasets.set(name, dataset);
        const rows = dataset.sheets.get(at) ?? new SheetRows(at, sheet, columns);
        dataset.sheets.set(at, rows);
        enter(block, r, { dataset, rows, columns, most });
      }
  }
  return { sheets, datasets: [...datasets.values()] };
}

interface Destination {
  dataset: ViewedDataset;
  rows: SheetRows;
  columns: SheetColumns;
  most: number;
}

function enter(block: RecordBlock, r: number, { dataset, rows, columns, most }: Destination): void {
  const name = columns.model < 0 ? '' : block.cell(r, columns.model);
  const model = rows.of(name);
  const index = Number(block.cell(r, columns.index));
  const place = dataset.placeOf(index, most);
  if (place !== undefined && model.indices.length === model.rows) model.indices.push(index);
  model.rows++;
  if (place === undefined) return;
  rows.enter(block, r, place, model);
  const label = columns.label < 0 ? '' : block.cell(r, columns.label);
  if (label !== '') dataset.labels[place] = Number(label);
  const predicted = columns.prediction < 0 || name === '' ? '' : block.cell(r, columns.prediction);
  // The first sheet that tells of a model's prediction on clean images: later ones may be of changed images.
  if (predicted !== '') predict(dataset, name, place, Number(predicted));
}

function predict({ predictions }: ViewedDataset, model: string, place: number, prediction: number): void {
  const known = predictions.get(model) ?? [];
  predictions.set(model, known);
  if ((known[place] ?? -1) < 0) known[place] = prediction;
}
