import type { Rank } from '../../comparison/ranks.js';

/** A table before it is set: text as people read it, nothing escaped. */
export interface Grid {
  /** How many columns on the left name the row. */
  stub: number;
  columns: GridColumn[];
  rows: GridCell[][];
}

export interface GridColumn {
  /** With unit and arrow: `Accuracy (%) ↑`. */
  title: string;
  /** What stands above neighbours that share it. */
  group?: string;
  numeric: boolean;
}

export interface GridCell {
  text: string;
  /** Empty when there is none. */
  interval: string;
  standing: Rank;
}

export const textCell = (text: string): GridCell => ({ text, interval: '', standing: 'other' });

/** Rows become columns: for a few systems and many measures. What named the rows heads the columns. */
export function transpose({ stub, columns, rows }: Grid): Grid {
  const body = columns.slice(stub);
  const grouped = body.some(({ group }) => group);
  const names = rows.map((row) =>
    row
      .slice(0, stub)
      .map(({ text }) => text)
      .filter(Boolean)
      .join(', '),
  );
  const labels = [...(grouped ? [''] : []), ''].map((title) => ({ title, numeric: false }));
  return {
    stub: labels.length,
    columns: [...labels, ...names.map((title) => ({ title, numeric: true }))],
    rows: body.map(({ title, group = '' }, c) => [
      ...(grouped ? [textCell(group === body[c - 1]?.group ? '' : group)] : []),
      textCell(title),
      ...rows.map((row) => row[stub + c]!),
    ]),
  };
}
