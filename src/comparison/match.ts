import type { Measure } from '../suites/results.js';
import { examplesOf } from './conditions.js';
import type { Measured } from './measured.js';

/** The same measure of two runs or models, as far as names tell: whether it can be compared is another question. */
export interface Match {
  before: Measured;
  after: Measured;
}

export interface Matches {
  matches: Match[];
  /** Those that the other side has nothing like. */
  onlyBefore: Measured[];
  onlyAfter: Measured[];
}

/**
 * Pairs the measures of two models. Exactly equal ones first, in their order; of the rest, those of one name that
 * nothing but conditions tells apart: other steps of an attack are a condition, the radius is not where a run has
 * several of them. Last, those on the same images under another name.
 */
export function matchMeasures(before: readonly Measured[], after: readonly Measured[]): Matches {
  const telling = tellingParams([...before, ...after]);
  const matches: Match[] = [];
  let [left, right] = [before, after];
  for (const keyOf of [exactKey, conditionKey(telling), conditionKey(telling, fingerprintOf)]) {
    const waiting = new Map<string, Measured[]>();
    for (const one of right) waiting.set(keyOf(one), [...(waiting.get(keyOf(one)) ?? []), one]);
    const rest: Measured[] = [];
    for (const one of left) {
      const other = waiting.get(keyOf(one))?.shift();
      if (other) matches.push({ before: one, after: other });
      else rest.push(one);
    }
    left = rest;
    right = [...waiting.values()].flat();
  }
  const order = new Map(before.map((one, i) => [one, i]));
  matches.sort((a, b) => (order.get(a.before) ?? 0) - (order.get(b.before) ?? 0));
  return { matches, onlyBefore: [...left], onlyAfter: [...right] };
}

/** Names of the parameters that tell measures of one name apart within a run: `epsilon`, `class`, `score`. */
export type TellingParams = ReadonlyMap<string, ReadonlySet<string>>;

/** Those that take several values for one model on one data set of one run. */
export function tellingParams(measured: readonly Measured[]): TellingParams {
  const values = new Map<string, { kind: string; param: string; seen: Set<string> }>();
  const runs = new Map<unknown, number>();
  for (const { results, measure } of measured) {
    const run = runs.get(results) ?? runs.size;
    runs.set(results, run);
    for (const [param, value] of Object.entries(measure.params)) {
      const key = JSON.stringify([run, measure.model, measure.dataset, kindOf(measure), param]);
      const known = values.get(key) ?? { kind: kindOf(measure), param, seen: new Set() };
      values.set(key, known);
      known.seen.add(String(value));
    }
  }
  const telling = new Map<string, Set<string>>();
  for (const { kind, param, seen } of values.values()) {
    if (seen.size < 2) continue;
    telling.set(kind, (telling.get(kind) ?? new Set()).add(param));
  }
  return telling;
}

const kindOf = ({ suite, measure }: Measure): string => `${suite} ${measure}`;

const exactKey = ({ measure }: Measured): string => {
  const { model, dataset, params } = measure;
  return JSON.stringify([kindOf(measure), dataset, sorted(params, model)]);
};

/** What is left when conditions may differ: name, data set and telling parameters. */
export const conditionKey =
  (telling: TellingParams, datasetOf = ({ measure }: Measured): string => measure.dataset) =>
  (measured: Measured): string => {
    const { measure } = measured;
    const own = telling.get(kindOf(measure));
    const params = sorted(measure.params, measure.model).filter(([name]) => own?.has(name));
    return JSON.stringify([kindOf(measure), datasetOf(measured), params]);
  };

const fingerprintOf = ({ results, measure }: Measured): string => {
  const dataset = results.datasets.find(({ name }) => name === measure.dataset);
  return dataset ? examplesOf(dataset) : measure.dataset;
};

/** A parameter that names the model itself is the same for both. */
const sorted = (params: Measure['params'], model: string): [string, unknown][] =>
  Object.entries(params)
    .map(([name, value]): [string, unknown] => [name, value === model ? '(the model itself)' : value])
    .sort(([a], [b]) => (a < b ? -1 : 1));
