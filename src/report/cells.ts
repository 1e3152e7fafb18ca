import { type Rank, ranksOf } from '../comparison/ranks.js';
import type { Static } from '../config/type.js';
import type { Scalar, Table, TableEstimate } from '../suites/results.js';
import { formatEstimate, formatNumber, formatP, NONE } from './format.js';

/** A cell of any table in a report, ready to print. */
export interface Cell {
  text: string;
  interval: string;
  standing: Rank;
  numeric: boolean;
  /** What the browser sorts by; full precision. */
  sort: string;
  /** Which of the measures of the suite it is; undefined where that is not known. */
  measure?: number;
}

type TableValue = Table['rows'][number][string] | undefined;

/** The body of a suite's table: formatted cells, the best and the second best value of each column marked. */
export function tableCells(table: Table): Cell[][] {
  const marks = table.columns.map((column) =>
    ranksOf(
      table.rows.map((row) => estimateOf(row[column.key]).value),
      column.better ?? 'none',
    ),
  );
  return table.rows.map((row, r) =>
    table.columns.map((column, c) => formatCell(row[column.key], column.format, marks[c]![r])),
  );
}

/** Formats one value: numbers by the column's format, text as it is, a dash for what is missing. */
export function formatCell(
  value: TableValue,
  format: Table['columns'][number]['format'],
  mark: Rank = 'other',
): Cell {
  const base = { interval: '', standing: mark, numeric: true };
  if (typeof value === 'string' || typeof value === 'boolean') {
    return { ...base, text: plain(value), numeric: false, sort: String(value) };
  }
  const { value: number, interval, mark: beside = '', measure } = estimateOf(value);
  if (number === null) return { ...base, text: NONE, sort: '' };
  if (format === 'text')
    return { ...base, text: formatNumber(number) + beside, sort: String(number), measure };
  if (format === 'p') return { ...base, text: formatP(number) + beside, sort: String(number), measure };
  const formatted = formatEstimate(number, interval, format ?? 'number');
  return {
    ...base,
    text: formatted.value + beside,
    interval: formatted.interval,
    sort: String(number),
    measure,
  };
}

function plain(value: Static<typeof Scalar>): string {
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);
}

function estimateOf(value: TableValue): TableEstimate {
  if (typeof value === 'number') return { value };
  return typeof value === 'object' && value !== null ? value : { value: null };
}
