import type { RowOf, ViewedDataset, ViewedSheet } from './rows.js';

/** A column of yes or no, of one model: a character per example, `1`, `0` or `-` where there is no row. */
export interface Fact {
  sheet: string;
  column: string;
  model: string;
  values: string;
}

/** What a data set can be filtered by, in the order of its examples. */
export interface Facts {
  indices: number[];
  /** -1 where there is none. */
  labels: number[];
  /** By model: the class predicted of the clean image; -1 where there is none. */
  predictions: Record<string, number[]>;
  facts: Fact[];
  /** A character per example: `1` where models disagree, in their predictions or in any fact. */
  differs: string;
}

/** Columns that repeat what another says. */
const PREDICTION = ['clean_prediction', 'prediction'];

/** Where a sheet has what is looked for, and which of its columns are facts. */
interface Places {
  model: number;
  label: number;
  prediction: number;
  /** Columns that hold nothing but true and false. */
  booleans: readonly number[];
}

/** A fact as it is found, example by example. */
interface FoundFact extends Omit<Fact, 'values'> {
  list: string[];
}

/** What is said of each example by columns that hold nothing but true and false. */
export function factsOf({ examples }: ViewedDataset, sheets: readonly ViewedSheet[]): Facts {
  const all = [...examples.values()];
  const places = placesIn(all, sheets);
  const facts = new FactTable(all.length);
  const predictions: Record<string, number[]> = {};
  const labels = all.map(() => -1);
  all.forEach((rows, e) => {
    for (const [s, cells] of rows) {
      const { model: column, label, prediction, booleans } = places[s]!;
      const model = cells[column] ?? '';
      if (label >= 0 && cells[label] !== '') labels[e] = Number(cells[label]);
      // The first sheet that tells of a model's prediction on clean images: later ones may be of changed images.
      if (prediction >= 0 && cells[prediction] !== '' && model !== '') {
        predictions[model] ??= all.map(() => -1);
        if (predictions[model][e]! < 0) predictions[model][e] = Number(cells[prediction]);
      }
      for (const c of booleans)
        facts.of(s, sheets[s]!, c, model).list[e] =
          cells[c] === 'true' ? '1' : cells[c] === 'false' ? '0' : '-';
    }
  });
  const differs = differencesIn(all.length, predictions, facts.all);
  return {
    indices: [...examples.keys()],
    labels,
    predictions,
    facts: facts.all.map(({ list, ...fact }) => ({ ...fact, values: list.join('') })),
    differs,
  };
}

/** Facts in the order in which they are met, found by sheet, column and model. */
class FactTable {
  readonly all: FoundFact[] = [];
  private readonly byPlace: Map<string, FoundFact>[][] = [];

  constructor(private readonly size: number) {}

  of(s: number, { name, columns }: ViewedSheet, c: number, model: string): FoundFact {
    this.byPlace[s] ??= [];
    this.byPlace[s][c] ??= new Map();
    const models = this.byPlace[s][c];
    const known = models.get(model);
    if (known) return known;
    const list = Array.from({ length: this.size }, () => '-');
    const fact = { sheet: name, column: columns[c]!, model, list };
    this.all.push(fact);
    models.set(model, fact);
    return fact;
  }
}

/** Sheets that have several rows of an example and a model, such as one for each number of steps, have no facts. */
function placesIn(all: readonly RowOf[][], sheets: readonly ViewedSheet[]): Places[] {
  const models = sheets.map(({ columns }) => columns.indexOf('model'));
  const repeated = repeatedSheets(all, models);
  const booleans = booleanColumns(all, sheets);
  return sheets.map(({ columns }, s) => ({
    model: models[s]!,
    label: columns.indexOf('label'),
    prediction: columns.indexOf(PREDICTION.find((column) => columns.includes(column)) ?? ''),
    booleans: repeated.has(s) ? [] : booleans[s]!,
  }));
}

function repeatedSheets(all: readonly RowOf[][], models: readonly number[]): Set<number> {
  const repeated = new Set<number>();
  const seen = models.map(() => new Set<string>());
  for (const rows of all) {
    for (const [s, cells] of rows) {
      if (repeated.has(s)) continue;
      const model = cells[models[s]!] ?? '';
      if (seen[s]!.has(model)) repeated.add(s);
      seen[s]!.add(model);
    }
    for (const [s] of rows) seen[s]!.clear();
  }
  return repeated;
}

/** Of every sheet the columns that hold true or false, and nothing else. */
function booleanColumns(all: readonly RowOf[][], sheets: readonly ViewedSheet[]): number[][] {
  const possible = sheets.map(({ columns }) => columns.map((_, c) => c));
  const seen = sheets.map(() => new Set<number>());
  for (const rows of all)
    for (const [s, cells] of rows) {
      let others = false;
      for (const c of possible[s]!) {
        if (cells[c] === 'true' || cells[c] === 'false') seen[s]!.add(c);
        else if (cells[c] !== '') others = true;
      }
      if (others) possible[s] = possible[s]!.filter((c) => ['true', 'false', ''].includes(cells[c]!));
    }
  return possible.map((columns, s) => columns.filter((c) => seen[s]!.has(c)));
}

/** A character per example: `1` where models disagree, in their predictions or in any fact. */
function differencesIn(
  size: number,
  predictions: Readonly<Record<string, readonly number[]>>,
  facts: readonly FoundFact[],
): string {
  const differs = new Array<string>(size).fill('0');
  const groups = new Map<string, (readonly (number | string)[])[]>();
  groups.set('predictions', Object.values(predictions));
  for (const { sheet, column, list } of facts) {
    const key = JSON.stringify([sheet, column]);
    groups.set(key, [...(groups.get(key) ?? []), list]);
  }
  for (const lists of groups.values())
    for (let e = 0; e < size; e++) {
      const said = new Set(lists.map((list) => list[e]));
      said.delete(-1);
      said.delete('-');
      if (said.size > 1) differs[e] = '1';
    }
  return differs.join('');
}
