import { compareHeadlines, DAGGER, legendOf, testNotes } from '../../report/comparison.js';
import { formatEstimate, NONE } from '../../report/format.js';
import { textTable } from '../../report/text-table.js';
import type { Results } from '../../suites/results.js';

/** The headline table for a terminal: a row per system; the best of a measure, the second best, and what is not told apart from the best are marked. */
export function headlineTable(results: Results): string {
  const comparison = compareHeadlines(results);
  const { columns, rows } = comparison;
  if (columns.length === 0) return '';
  const header = ['', ...columns.map(({ title, dataset }) => (dataset ? `${title} (${dataset})` : title))];
  const body = rows.map(({ system, cells }) => [
    system,
    ...cells.map(({ measure, standing, dagger }) => {
      if (!measure) return NONE;
      const { value, interval } = formatEstimate(measure.value, measure.interval, measure.format);
      return `${MARKS[standing]}${value}${dagger ? DAGGER : ''}${interval ? ` ${interval}` : ''}`;
    }),
  ]);
  const marked = rows.some(({ cells }) => cells.some(({ standing }) => standing !== 'other'));
  const meaning = legendOf(comparison, results.comparisons);
  return [
    ...transposedWhenWide(header, body),
    `${marked ? `${MARKS.best} best of its measure, ${MARKS.second} second best; ` : ''}intervals are 95 %`,
    ...(meaning ? [`${DAGGER} ${meaning}`] : []),
    ...testNotes(comparison),
  ].join('\n');
}

const MARKS = { best: '*', second: '_', other: '' } as const;

/** As many columns as fit stand side by side; a wide table is turned so that measures become rows. */
function transposedWhenWide(header: readonly string[], body: readonly (readonly string[])[]): string[] {
  const table = [header, ...body];
  const width = header.reduce((sum, _, c) => sum + 2 + Math.max(...table.map((row) => row[c]!.length)), 0);
  if (width <= 100) return textTable(table);
  return textTable(header.map((_, c) => table.map((row) => row[c]!)));
}
