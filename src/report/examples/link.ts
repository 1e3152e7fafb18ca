import type { Measure } from '../../suites/results.js';

/**
 * Where the rows that a measure was made from are shown, relative to the report: their data set, sheet and model, and the
 * column that is its value. Empty for measures that do not say.
 */
export function rowsLink({ rows, dataset, model }: Measure): string {
  if (!rows) return '';
  const columns = Object.values(rows.columns).map((column) =>
    typeof column === 'string' ? column : column.column,
  );
  const query = new URLSearchParams({
    dataset: String(rows.where.dataset ?? dataset),
    sheet: rows.sheet.replace(/^examples\//, '').replace(/\.csv$/, ''),
    model: String(rows.where.model ?? model),
    column: columns[0] ?? '',
  });
  return `examples.html?${query}`;
}
