import { stringify } from 'csv-stringify/sync';
import { cast } from '../../csv-cell.js';
import type { Figure } from '../../suites/results.js';

type Value = string | number | boolean | null | undefined;
type Kind = Exclude<Figure['kind'], 'images'>;
type Rows = { [K in Kind]: (figure: Extract<Figure, { kind: K }>) => Record<string, Value>[] };

/** The data of each kind of figure, a row for each thing that is drawn. */
const rows: Rows = {
  lines: ({ series, band }) => [
    ...series.flatMap(({ name, variant, points }) =>
      points.map(({ x, y, lo, hi }) => ({ series: name, ...(variant && { variant }), x, y, lo, hi })),
    ),
    ...(band?.areas ?? []).flatMap(({ name, points }) =>
      points.map(({ x, lo, hi }) => ({ series: name, variant: band?.label, x, from: lo, to: hi })),
    ),
  ],
  histogram: ({ edges, series }) =>
    series.flatMap(({ name, counts }) =>
      counts.map((share, i) => ({ series: name, from: edges[i], to: edges[i + 1], share })),
    ),
  reliability: ({ bins }) =>
    bins.map(({ lo, hi, n, confidence, accuracy, interval }) => ({
      from: lo,
      to: hi,
      n,
      confidence,
      accuracy,
      lo: interval?.[0],
      hi: interval?.[1],
    })),
  bars: ({ categories, series }) =>
    series.flatMap(({ name, values }) =>
      values.map(({ value, interval }, c) => ({
        series: name,
        category: categories[c],
        value,
        lo: interval?.[0],
        hi: interval?.[1],
      })),
    ),
  heatmap: ({ columns, rows }) =>
    rows.flatMap(({ label, values }) =>
      values.map(({ value, interval }, c) => ({
        row: label,
        column: columns[c],
        value,
        lo: interval?.[0],
        hi: interval?.[1],
      })),
    ),
  'vega-lite': ({ spec }) => inlineRecords(spec),
};

/** What a figure is drawn from, as CSV at full precision. */
export function figureCsv(figure: Exclude<Figure, { kind: 'images' }>): string {
  const records = dispatch(figure.kind, figure);
  const columns = [...new Set(records.flatMap((record) => Object.keys(record)))];
  return stringify([columns, ...records.map((record) => columns.map((name) => record[name]))], { cast });
}

function dispatch<K extends Kind>(kind: K, figure: Extract<Figure, { kind: K }>): Record<string, Value>[] {
  return rows[kind](figure);
}

/** Records of a specification whose data is inline; what is no plain value is written as JSON. */
function inlineRecords({ data }: Record<string, unknown>): Record<string, Value>[] {
  const values = (data as { values?: unknown } | undefined)?.values;
  if (!Array.isArray(values)) return [];
  const plain = (value: unknown): Value =>
    typeof value === 'object' && value !== null ? JSON.stringify(value) : (value as Value);
  return values
    .filter((record: unknown) => typeof record === 'object' && record !== null)
    .map((record: object) =>
      Object.fromEntries(Object.entries(record).map(([key, value]) => [key, plain(value)])),
    );
}
