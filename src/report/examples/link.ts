import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Measure } from '../../suites/results.js';

/** A link to the rows of a measure, relative to the report; empty for measures without. */
export type RowsLink = (measure: Measure) => string;

/**
 * Where the rows that a measure was made from are shown: their data set, sheet and model, the class where they are of one,
 * and the column that is its value.
 * Sheets that are not in the run folder are not linked to.
 */
export async function rowsLinks(directory: string): Promise<RowsLink> {
  const there = new Set(await readdir(path.join(directory, 'examples')).catch(() => []));
  return ({ rows, dataset, model }) => {
    const file = rows?.sheet.replace(/^examples\//, '') ?? '';
    if (!rows || !there.has(file)) return '';
    const columns = Object.values(rows.columns).map((column) =>
      typeof column === 'string' ? column : column.column,
    );
    const query = new URLSearchParams({
      dataset: String(rows.where.dataset ?? dataset),
      sheet: file.replace(/\.csv$/, ''),
      model: String(rows.where.model ?? model),
      column: columns[0] ?? '',
      ...(typeof rows.where.label === 'number' && { class: String(rows.where.label) }),
    });
    return `examples.html?${query}`;
  };
}
