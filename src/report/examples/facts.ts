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

/** What is said of each example by columns that hold nothing but true and false. */
export function factsOf({ examples }: ViewedDataset, sheets: readonly ViewedSheet[]): Facts {
  const all = [...examples.values()];
  const columns = sheets.map(({ columns }) => columns.indexOf('model'));
  const repeated = repeatedSheets(all, columns);
  const booleans = sheets.map(({ columns }, s) => (repeated.has(s) ? [] : booleanColumns(all, s, columns)));
  const facts = new Map<string, Fact & { list: string[] }>();
  const predictions: Record<string, number[]> = {};
  const labels = all.map(() => -1);
  all.forEach((rows, e) => {
    for (const [s, cells] of rows) {
      const { name, columns: names } = sheets[s]!;
      const model = cells[columns[s]!] ?? '';
      const label = cells[names.indexOf('label')];
      if (label !== undefined && label !== '') labels[e] = Number(label);
      const predicted = cells[names.indexOf(PREDICTION.find((column) => names.includes(column)) ?? '')];
      // The first sheet that tells of a model's prediction on clean images: later ones may be of changed images.
      if (predicted !== undefined && predicted !== '' && model !== '') {
        predictions[model] ??= all.map(() => -1);
        if (predictions[model][e]! < 0) predictions[model][e] = Number(predicted);
      }
      for (const c of booleans[s]!) {
        const key = JSON.stringify([name, names[c], model]);
        const fact = facts.get(key) ?? {
          ...{ sheet: name, column: names[c]!, model, values: '' },
          list: all.map(() => '-'),
        };
        facts.set(key, fact);
        fact.list[e] = cells[c] === 'true' ? '1' : cells[c] === 'false' ? '0' : '-';
      }
    }
  });
  const distinct = [...facts.values()];
  return {
    indices: [...examples.keys()],
    labels,
    predictions,
    facts: distinct.map(({ list, ...fact }) => ({ ...fact, values: list.join('') })),
    differs: all.map((_, e) => (disagreement(e, predictions, distinct) ? '1' : '0')).join(''),
  };
}

/** Sheets that have several rows of an example and a model, such as one for each number of steps: no row speaks for it. */
function repeatedSheets(all: readonly RowOf[][], models: readonly number[]): Set<number> {
  const repeated = new Set<number>();
  for (const rows of all) {
    const seen = new Set<string>();
    for (const [s, cells] of rows) {
      const key = `${s}\n${cells[models[s]!] ?? ''}`;
      if (seen.has(key)) repeated.add(s);
      seen.add(key);
    }
  }
  return repeated;
}

function booleanColumns(all: readonly RowOf[][], s: number, columns: readonly string[]): number[] {
  const possible = new Set(columns.map((_, c) => c));
  const seen = new Set<number>();
  for (const rows of all)
    for (const [sheet, cells] of rows) {
      if (sheet !== s) continue;
      for (const c of possible) {
        if (cells[c] === 'true' || cells[c] === 'false') seen.add(c);
        else if (cells[c] !== '') possible.delete(c);
      }
    }
  return [...possible].filter((c) => seen.has(c));
}

function disagreement(
  e: number,
  predictions: Readonly<Record<string, readonly number[]>>,
  facts: readonly { sheet: string; column: string; list: readonly string[] }[],
): boolean {
  const predicted = new Set(Object.values(predictions).map((list) => list[e]));
  predicted.delete(-1);
  if (predicted.size > 1) return true;
  const said = new Map<string, string>();
  for (const { sheet, column, list } of facts) {
    if (list[e] === '-') continue;
    const key = `${sheet}\n${column}`;
    const before = said.get(key);
    if (before !== undefined && before !== list[e]) return true;
    said.set(key, list[e]!);
  }
  return false;
}
