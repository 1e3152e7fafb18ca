import { estimateOf } from './measure.js';
import type { Measure, Table } from './results.js';

type Cell = Table['rows'][number][string];

/**
 * The tables with each cell saying which of the measures it is, by position. They are told by the estimate that both were
 * made from; a cell that no measure shares its estimate with stays as it is. Of several, one that names its rows.
 */
export function linkedTables(tables: readonly Table[], measures: readonly Measure[]): Table[] {
  const positions = new Map<object, number>();
  for (const [position, measure] of measures.entries()) {
    const estimate = estimateOf(measure);
    if (!estimate) continue;
    const known = positions.get(estimate);
    if (known === undefined || (!measures[known]!.rows && measure.rows)) positions.set(estimate, position);
  }
  const linked = (cell: Cell): Cell => {
    if (typeof cell !== 'object' || cell === null) return cell;
    const measure = positions.get(estimateOf(cell) ?? cell);
    return measure === undefined ? cell : { ...cell, measure };
  };
  return tables.map((table) => ({
    ...table,
    rows: table.rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([key, cell]) => [key, linked(cell)])),
    ),
  }));
}
