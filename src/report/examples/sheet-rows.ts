import type { RecordBlock } from '../../csv-places.js';

/** A sheet of a run that tells examples apart. */
export interface ViewedSheet {
  name: string;
  columns: readonly string[];
}

/** Columns that say the class predicted of the clean image; one repeats what the other says. */
const PREDICTION = ['clean_prediction', 'prediction'];

/** Where a sheet has what is looked for; -1 where it has not. */
export interface SheetColumns {
  dataset: number;
  index: number;
  model: number;
  label: number;
  prediction: number;
}

export function columnsOf({ columns }: ViewedSheet): SheetColumns {
  const [dataset, index, model, label] = ['dataset', 'index', 'model', 'label'].map((name) =>
    columns.indexOf(name),
  ) as [number, number, number, number];
  const prediction = columns.indexOf(PREDICTION.find((column) => columns.includes(column)) ?? '');
  return { dataset, index, model, label, prediction };
}

/** Yes, no and nothing, as the page has them. */
const [YES, NO, NONE] = ['1', '0', '-'].map((sign) => sign.charCodeAt(0)) as [number, number, number];

/** What a sheet says of a model. */
class ModelRows {
  /** In all. */
  rows = 0;
  /** Indices of the first rows, up to one that is not shown. */
  readonly indices: number[] = [];
  /** By column, then by place of the example. */
  readonly truths: number[][] = [];
  /** By place of the example, whether it has a row. */
  readonly seen: boolean[] = [];
}

/** The rows of a sheet on one data set: where they lie in the file, and what of them all are filtered by. */
export class SheetRows {
  /** By row: the place of its example, where it begins in the file, and its bytes. */
  readonly examples: number[] = [];
  readonly starts: number[] = [];
  readonly sizes: number[] = [];
  readonly models = new Map<string, ModelRows>();
  /** Columns that hold nothing but true and false so far, and whether they hold any of them. */
  private readonly truthful = new Map<number, boolean>();
  /** An example has several rows of a model, such as one for each number of steps: none speaks for it. */
  private repeats = false;

  constructor(
    /** Its number among the sheets. */
    readonly sheet: number,
    { columns }: ViewedSheet,
    { dataset, index, model }: SheetColumns,
  ) {
    columns.forEach((_, c) => {
      if (c !== dataset && c !== index && c !== model) this.truthful.set(c, false);
    });
  }

  /** What is said of a model. */
  of(model: string): ModelRows {
    const known = this.models.get(model);
    if (known) return known;
    const rows = new ModelRows();
    this.models.set(model, rows);
    return rows;
  }

  /** Enters a row. @param place of its example */
  enter(block: RecordBlock, record: number, place: number, model: ModelRows): void {
    this.examples.push(place);
    this.starts.push(block.start(record));
    this.sizes.push(block.size(record));
    const again = model.seen[place] === true;
    model.seen[place] = true;
    if (this.repeats || this.truthful.size === 0) return;
    this.repeats = again;
    for (const [column, some] of this.truthful) {
      const truth = block.truth(record, column);
      if (truth === undefined) this.truthful.delete(column);
      else if (truth !== '') {
        model.truths[column] ??= [];
        model.truths[column][place] = truth ? YES : NO;
        if (!some) this.truthful.set(column, true);
      }
    }
  }

  /** Columns of yes or no that speak for examples. */
  get facts(): number[] {
    return this.repeats ? [] : [...this.truthful].flatMap(([column, some]) => (some ? [column] : []));
  }

  /** Which of these places have rows of a model: a character for each, or none where all have. */
  static extent({ seen }: ModelRows, places: readonly number[]): string {
    return places.every((place) => seen[place])
      ? ''
      : Buffer.from(places.map((place) => (seen[place] ? YES : NONE))).toString('latin1');
  }

  /** What a column of `facts` says of a model: a character for each of these places. */
  static signs({ truths }: ModelRows, column: number, places: readonly number[]): string {
    const said = truths[column] ?? [];
    return Buffer.from(places.map((place) => said[place] ?? NONE)).toString('latin1');
  }
}
