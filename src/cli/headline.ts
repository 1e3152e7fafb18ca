import { compareHeadlines } from '../report/comparison.js';
import { formatEstimate, NONE } from '../report/format.js';
import { textTable } from '../report/text-table.js';
import type { Results } from '../suites/results.js';

/** The headline table for a terminal: a row per system, the best of a column marked with a star. */
export function headlineTable(results: Results): string {
  const { columns, rows } = compareHeadlines(results);
  if (columns.length === 0) return '';
  const header = ['', ...columns.map(({ title, dataset }) => (dataset ? `${title} (${dataset})` : title))];
  const body = rows.map(({ system, cells }) => [
    system,
    ...cells.map(({ measure, standing }) => {
      if (!measure) return NONE;
      const { value, interval } = formatEstimate(measure.value, measure.interval, measure.format);
      return `${standing === 'best' ? '*' : ''}${value}${interval ? ` ${interval}` : ''}`;
    }),
  ]);
  return [...transposedWhenWide(header, body), '* best of its column; intervals are 95 %'].join('\n');
}

/** As many columns as fit stand side by side; a wide table is turned so that measures become rows. */
function transposedWhenWide(header: readonly string[], body: readonly (readonly string[])[]): string[] {
  const table = [header, ...body];
  const width = header.reduce((sum, _, c) => sum + 2 + Math.max(...table.map((row) => row[c].length)), 0);
  if (width <= 100) return textTable(table);
  return textTable(header.map((_, c) => table.map((row) => row[c])));
}
