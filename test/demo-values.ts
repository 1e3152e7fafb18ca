/**
 * Holds the values of the demo against those that are stored, so that no change moves them in silence:
 *
 *     node dist/test/demo-values.js [--write] [RUN]
 *
 * RUN is runs/demo unless given. A line for every number that has moved and every measure that is gone or new; the exit
 * code is 1 when there are any. With --write the stored values become those of the run, after the same lines.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { readResults } from '../src/runs/folder/read-results.js';
import type { Measure } from '../src/suites/results.js';
import { differences } from './compare-results.js';

const STORED = 'fixtures/demo.values.csv';
const NAMES = ['suite', 'measure', 'model', 'dataset', 'params'] as const;
const NUMBERS = ['n', 'value', 'low', 'high'] as const;
const DIGITS = 6;
/** The last of them, as a share of the value. */
const DIGIT = 10 ** (1 - DIGITS);

/**
 * A measure: what it is called, what it came to, and how its interval was made. `params` holds those only in which measures
 * of its name differ.
 */
type Entry = Record<(typeof NAMES)[number] | 'method', string> &
  Record<(typeof NUMBERS)[number], number | null>;

/** The measures of a run as entries, sorted by name. */
export function entriesOf(measures: readonly Measure[]): Entry[] {
  const kinds = new Map<string, Measure[]>();
  for (const one of measures) {
    const kind = `${one.suite} ${one.measure}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), one]);
  }
  return [...kinds.values()].flatMap(kindEntries).sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

function kindEntries(measures: readonly Measure[]): Entry[] {
  const names = [...new Set(measures.flatMap((one) => Object.keys(one.params)))].sort();
  const telling = names.filter((name) => new Set(measures.map((one) => one.params[name])).size > 1);
  return measures.map(({ suite, measure, model, dataset, params, n, value, interval, method }) => ({
    ...{ suite, measure, model, dataset, n, method },
    params: telling.flatMap((name) => (name in params ? [`${name}=${params[name]}`] : [])).join(' '),
    value: rounded(value),
    low: rounded(interval?.[0]),
    high: rounded(interval?.[1]),
  }));
}

const rounded = (x: number | null | undefined) => (x == null ? null : Number(x.toPrecision(DIGITS)));

const nameOf = (entry: Entry) => NAMES.map((name) => entry[name]).join(' ');

export const entriesText = (entries: readonly Entry[]): string =>
  stringify(entries as Entry[], { header: true, columns: [...NAMES, ...NUMBERS, 'method'] });

export function parseEntries(text: string): Entry[] {
  const numbers = new Set<unknown>(NUMBERS);
  return parse(text, {
    columns: true,
    cast: (cell, { column, header }) =>
      header || !numbers.has(column) ? cell : cell === '' ? null : Number(cell),
  });
}

/**
 * How far a value may be from what is stored, and its interval's ends twice as far: what the sums of another processor explain. A
 * hundredth of the interval's width, of a value without an interval a thousandth, and of shares one example. With and without
 * AVX-512 and AVX2, values of parts of the demo were within a thousandth of a width, and no share moved; a fit that saw half of its
 * images had moved AUROCs by a fifth of it.
 */
function tolerance({ n, value, low, high, method }: Entry): number {
  const width = low === null || high === null ? 0 : high - low;
  const size = Math.abs(value ?? 0);
  const oneExample = OF_EXAMPLES.has(method) ? 1.001 / (n ?? 1) : 0;
  return Math.max(width > 0 ? 0.01 * width : 0.001 * size, oneExample, DIGIT * size);
}

/** How intervals of shares are made: their values are whole examples of n. */
const OF_EXAMPLES = new Set(['wilson', 'clopper-pearson']);

/** Measures of which n counts outcomes, not examples that were asked for: those that were right, or were broken. */
const OF_OUTCOMES = new Set([
  'singleton-accuracy',
  'survives-8-bit',
  'verification-disagreements',
  'zero-gradient',
  'validity-flag',
  'worst-slab-coverage',
]);

/** What was found, but for what has not moved, which is as it is stored. */
export function settled(stored: readonly Entry[], found: readonly Entry[]): Entry[] {
  const byName = new Map(stored.map((entry) => [nameOf(entry), entry]));
  return found.map((entry) => {
    const own = byName.get(nameOf(entry));
    if (!own) return entry;
    const far = tolerance(own);
    const near = (name: (typeof NUMBERS)[number], within = far) => {
      const [before, after] = [own[name], entry[name]];
      return before !== null && after !== null && Math.abs(before - after) <= within ? before : after;
    };
    const n = near('n', OF_OUTCOMES.has(entry.measure) ? 1 : 0);
    return { ...entry, n, value: near('value'), low: near('low', 2 * far), high: near('high', 2 * far) };
  });
}

if (import.meta.filename === process.argv[1]) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { write: { type: 'boolean' } },
  });
  const stored = existsSync(STORED) ? parseEntries(readFileSync(STORED, 'utf8')) : [];
  const { measures } = await readResults(positionals[0] ?? 'runs/demo');
  const found = settled(stored, entriesOf(measures));
  const lines = differences(stored, found);
  for (const line of lines) console.log(line);
  if (values.write) writeFileSync(STORED, entriesText(found));
  const then = values.write ? 'which now holds these' : 'when they are meant: npm run demo:values -- --write';
  console.log(
    lines.length === 0
      ? `${found.length} measures as in ${STORED}`
      : `${lines.length} differences from ${STORED}; ${then}`,
  );
  process.exitCode = lines.length === 0 || values.write ? 0 : 1;
}
