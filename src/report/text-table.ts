import { oneLine } from '../one-line.js';

/**
 * A table for a terminal: columns two blanks apart, a row a line whatever the cells hold.
 * @param left columns that are set flush left; the others are numbers
 */
export function textTable(rows: readonly (readonly string[])[], left: readonly number[] = [0]): string[] {
  const cells = rows.map((row) => row.map(oneLine));
  const widths = cells[0]!.map((_, c) => Math.max(...cells.map((row) => row[c]!.length)));
  return cells.map((row) =>
    row
      .map((text, c) => (left.includes(c) ? text.padEnd(widths[c]!) : text.padStart(widths[c]!)))
      .join('  ')
      .trimEnd(),
  );
}
