import { mapTuple } from '../map-tuple.js';
import { fixed, formatEstimate, formatNumber, formatP, formatParams, NONE } from '../report/format.js';
import type { ComparedMeasure, RunComparison } from './run-comparison.js';

/** A row of a comparison as people read it: on the terminal and on the page. */
export interface ComparisonRow {
  row: ComparedMeasure;
  /** `Accuracy`, with the data set where the comparison has several. */
  title: string;
  before: string;
  beforeInterval: string;
  after: string;
  afterInterval: string;
  /** `+0.8 pp`; as the test has it where there is one. */
  difference: string;
  /** `[−0.1, 1.7]` */
  interval: string;
  n: string;
  p: string;
  corrected: string;
  verdict: string;
}

/** The rows of one pair, those that say something first: worse, better, then the others in their order. */
export function comparisonRows({ rows }: RunComparison, pair: number): ComparisonRow[] {
  const datasets = new Set(rows.map(({ dataset }) => dataset));
  return rows
    .filter((row) => row.pair === pair)
    .map((row) => presented(row, datasets.size > 1))
    .sort((a, b) => RANK.indexOf(a.row.verdict) - RANK.indexOf(b.row.verdict));
}

const RANK: readonly ComparedMeasure['verdict'][] = [
  'worse',
  'better',
  'different',
  'no evidence',
  'not tested',
  'not comparable',
];

function presented(row: ComparedMeasure, several: boolean): ComparisonRow {
  const { before, after, test, format } = row;
  const [a, b] = mapTuple([before, after], ({ value, interval }) => formatEstimate(value, interval, format));
  const difference = formatDifference(test?.difference ?? row.difference, test?.interval ?? null, format);
  return {
    row,
    title: several ? `${row.title} (${row.dataset})` : row.title,
    before: a.value,
    beforeInterval: a.interval,
    after: b.value,
    afterInterval: b.interval,
    difference: difference.value,
    interval: difference.interval,
    n: test ? String(test.n) : before.n === after.n ? String(after.n) : `${before.n}, ${after.n}`,
    p: test ? formatP(test.p) : NONE,
    corrected: test ? formatP(test.corrected) : NONE,
    verdict: row.verdict,
  };
}

/** `+0.8 pp` with `[−0.1, 1.7]`, or `−0.012` with `[−0.020, −0.004]`. */
export function formatDifference(
  difference: number | null,
  interval: readonly [number, number] | null,
  format: ComparedMeasure['format'],
): { value: string; interval: string } {
  if (difference === null || !Number.isFinite(difference)) return { value: NONE, interval: '' };
  const percent = format === 'percent';
  const scale = Math.max(Math.abs(difference), ...(interval ?? []).map(Math.abs));
  const write = (x: number) => (percent ? fixed(100 * x, 1) : formatNumber(x, scale));
  const written = write(difference);
  return {
    value: `${difference > 0 && !/^0([.]0*)?$/.test(written) ? '+' : ''}${written}${percent ? ' pp' : ''}`,
    interval: interval ? `[${interval.map(write).join(', ')}]` : '',
  };
}

/** `3 better, 1 worse, 12 no evidence` */
export function verdictSummary(rows: readonly Pick<ComparedMeasure, 'verdict'>[]): string {
  return RANK.flatMap((verdict) => {
    const n = rows.filter((row) => row.verdict === verdict).length;
    return n > 0 ? [`${n} ${verdict}`] : [];
  }).join(', ');
}

/** `jem: v1 against v2`, `jem (v1) against jem-2 (v2)`, `plain against jem` within a run. */
export function pairTitle({ runs, pairs }: RunComparison, pair: number): string {
  const { before, after } = pairs[pair]!;
  const [a, b] = [runs[before.run]!.name, runs[after.run]!.name];
  if (before.run === after.run) return `${before.model} against ${after.model}`;
  if (before.model === after.model) return `${before.model}: ${a} against ${b}`;
  return `${before.model} (${a}) against ${after.model} (${b})`;
}

/** What columns of a pair are headed by: runs, or the models of one run. */
export function sideNames({ runs, pairs }: RunComparison, pair: number): [string, string] {
  const { before, after } = pairs[pair]!;
  if (before.run === after.run) return [before.model, after.model];
  return [runs[before.run]!.name, runs[after.run]!.name];
}

/** What only one side has, a sentence each. */
export function unmatchedText({ runs, pairs, unmatched }: RunComparison, pair: number): string[] {
  return unmatched
    .filter((one) => one.pair === pair)
    .map(({ side, title, dataset, params }) => {
      const { run, model } = pairs[pair]![side];
      const conditions = Object.keys(params).length > 0 ? ` (${formatParams(params)})` : '';
      return `only ${runs[run]!.name} (${model}) has ${title} on ${dataset}${conditions}`;
    });
}

/** How to read differences and verdicts. */
export function legend({ level, tests }: Pick<RunComparison, 'level' | 'tests'>): string {
  const percent = (share: number) => Number((100 * share).toFixed(6));
  const corrected = tests > 1 ? `, after Holm's correction for ${tests} tests` : '';
  return `Differences are second minus first, on the examples that both have, with ${percent(level)} % intervals of each by itself; better and worse at ${percent(1 - level)} %${corrected}.`;
}
