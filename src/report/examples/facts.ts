import type { ViewedDataset } from './rows.js';
import { SheetRows, type ViewedSheet } from './sheet-rows.js';

/** A column of yes or no, of one model: a character per example, `1`, `0` or `-` where there is no row. */
export interface Fact {
  sheet: string;
  column: string;
  model: string;
  values: string;
}

/** The examples that a sheet has rows on, of one model: a character per example, `1` or `-`; none where it has all. */
export interface Extent {
  sheet: string;
  model: string;
  values: string;
}

/** What a data set can be filtered by, in the order of its examples. */
export interface Facts {
  indices: number[];
  /** -1 where there is none. */
  labels: number[];
  /** Of each model: the class predicted of the clean image; -1 where there is none. A list, since a script would not take a model
   * that is called `__proto__` for a key. */
  predictions: { model: string; classes: number[] }[];
  facts: Fact[];
  extents: Extent[];
  /** A character per example: `1` where models disagree, in their predictions or in any fact. */
  differs: string;
}

/** What is said of each example by columns that hold nothing but true and false. */
export function factsOf(dataset: ViewedDataset, sheets: readonly ViewedSheet[]): Facts {
  const { indices } = dataset;
  const places = indices.map((index) => dataset.places.get(index)!);
  const predictions = [...dataset.predictions].map(([model, list]) => ({
    model,
    classes: places.map((place) => list[place] ?? -1),
  }));
  const facts = [...dataset.sheets.values()].flatMap((rows) => {
    const { name, columns } = sheets[rows.sheet]!;
    return [...rows.models].flatMap(([model, said]) =>
      rows.facts
        .filter((c) => said.truths[c])
        .map((c) => ({
          ...{ sheet: name, column: columns[c]!, model },
          values: SheetRows.signs(said, c, places),
        })),
    );
  });
  const extents = [...dataset.sheets.values()].flatMap(({ sheet, models }) =>
    [...models].map(([model, said]) => ({
      ...{ sheet: sheets[sheet]!.name, model },
      values: SheetRows.extent(said, places),
    })),
  );
  return {
    indices,
    labels: places.map((place) => dataset.labels[place]!),
    predictions,
    facts,
    extents,
    differs: differencesIn(indices.length, predictions, facts),
  };
}

/** A character per example: `1` where models disagree, in their predictions or in any fact. */
function differencesIn(size: number, predictions: Facts['predictions'], facts: readonly Fact[]): string {
  const differs = new Array<string>(size).fill('0');
  const groups = new Map<string, (readonly number[] | string)[]>();
  groups.set(
    'predictions',
    predictions.map(({ classes }) => classes),
  );
  for (const { sheet, column, values } of facts) {
    const key = JSON.stringify([sheet, column]);
    groups.set(key, [...(groups.get(key) ?? []), values]);
  }
  for (const lists of groups.values())
    for (let e = 0; e < size; e++) if (disagree(lists, e)) differs[e] = '1';
  return differs.join('');
}

function disagree(lists: readonly (readonly number[] | string)[], e: number): boolean {
  let first: number | string | undefined;
  for (const list of lists) {
    const said = list[e]!;
    if (said === -1 || said === '-') continue;
    first ??= said;
    if (said !== first) return true;
  }
  return false;
}
