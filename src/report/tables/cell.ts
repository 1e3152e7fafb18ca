import { ranksOf } from '../../comparison/ranks.js';
import { AssayError } from '../../errors.js';
import { fixed, formatNumber, NONE } from '../format.js';
import { type Candidate, differences } from './candidates.js';
import { printedName } from './naming.js';
import type { CellData, PaperCell } from './paper-table.js';
import type { TableColumn, TableSpec } from './spec.js';

export type Format = 'percent' | 'number';
type Intervals = NonNullable<TableSpec['intervals']>;

/** What a cell shows, or why it shows nothing. */
export type Content = { data: CellData } | { texts: string[] } | { missing: string };

/**
 * The one thing that the measures of a cell say; those of seeds become their mean and deviation.
 * Errors: `config-invalid` where several measures fit and nothing says which is meant.
 */
export function contentOf(
  column: TableColumn,
  candidates: readonly Candidate[],
  place: { file: string; path: string; row: string },
  over: TableSpec['deviation'] = 'sample',
): Content {
  const { show = 'value' } = column;
  if (show !== 'value' && show !== 'n') {
    const texts = candidates.flatMap(({ fields }) => fields[show] ?? []);
    return texts.length > 0 ? { texts: [...new Set(texts)] } : { missing: `it has no parameter "${show}"` };
  }
  const seeds = new Set(candidates.map(({ seed }) => seed));
  if (seeds.size < candidates.length) throw ambiguous(column, candidates, place);
  const measures = candidates.map(({ measure }) => measure);
  const values = measures.map((m) => (show === 'n' ? m.n : m.value)).filter((v) => v !== null);
  if (values.length === 0) return { missing: measures[0]!.note ?? 'its value is undefined' };
  if (values.length < measures.length) return { missing: 'its value is undefined for some seeds' };
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const n = Math.min(...measures.map((m) => m.n));
  if (candidates[0]!.seed === '')
    return show === 'n'
      ? { data: { value: mean, interval: null, n } }
      : { data: { value: mean, interval: measures[0]!.interval, n, from: candidates[0] } };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const divisor = over === 'population' ? values.length : values.length - 1;
  const deviation = values.length > 1 ? Math.sqrt(squares / divisor) : undefined;
  return { data: { value: mean, interval: null, n, deviation, seeds: values.length } };
}

function ambiguous(
  { measure }: TableColumn,
  candidates: readonly Candidate[],
  { file, path, row }: { file: string; path: string; row: string },
): AssayError {
  const telling = differences(candidates);
  const keys = telling.map((text) => text.slice(0, text.indexOf(' (')));
  return new AssayError('config-invalid', `${candidates.length} measures fit one cell, and none is picked`, {
    file,
    path,
    expected: `one ${measure} for ${row}`,
    found: `measures that differ in ${telling.join(', ') || 'nothing that a table can name'}`,
    hint: keys.includes('folder')
      ? 'if the folders are seeds, add `seeds: folders` to the table; otherwise add folder to `rows`, or to `where` of the column'
      : `name one in \`where\` of the column, or give each its column: \`each: [${keys.join(', ')}]\``,
  });
}

/** A value as a table prints it. */
export function cellOf(
  content: Content,
  format: Format,
  { decimals }: TableColumn,
  intervals: Intervals,
  names: Readonly<Record<string, string>>,
): PaperCell {
  const plain = { interval: '', standing: 'other' as const };
  if ('missing' in content) return { ...plain, text: NONE };
  if ('texts' in content) {
    return { ...plain, text: content.texts.map((text) => printedName(text, names)).join(', ') };
  }
  const { value, interval, deviation } = content.data;
  const scale = Math.max(Math.abs(value), ...(interval ?? []).map(Math.abs));
  const write = (x: number) => {
    if (decimals === undefined) return format === 'percent' ? fixed(100 * x, 1) : formatNumber(x, scale);
    return fixed(format === 'percent' ? 100 * x : x, decimals);
  };
  const spread =
    deviation ?? (interval && intervals === 'plus-minus' ? (interval[1] - interval[0]) / 2 : undefined);
  const beside =
    spread !== undefined
      ? `± ${write(spread)}`
      : interval && intervals === 'brackets'
        ? `[${write(interval[0])}, ${write(interval[1])}]`
        : '';
  return { ...plain, text: write(value), interval: beside, data: content.data };
}

/** Marks the best of a column, and the second best. */
export function markColumn(cells: readonly PaperCell[], better: 'higher' | 'lower' | 'none'): void {
  const ranks = ranksOf(
    cells.map(({ data }) => data?.value ?? null),
    better,
  );
  cells.forEach((cell, i) => {
    cell.standing = ranks[i]!;
  });
}
