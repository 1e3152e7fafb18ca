import { type Grid, type GridCell, transpose } from './grid.js';
import { lines, longestPart } from './lines.js';
import { SIZES, type Size, textWidth } from './widths.js';

/** Widths a table is made for, in points. */
export const WIDTHS = {
  /** One column of two: with 1-inch margins on A4 the narrowest of the usual (221 pt; ICML and CVPR have 235). */
  column: 220,
  /** The text: 5.5 inches, as NeurIPS and ICLR have it; JMLR and 1-inch margins leave more. */
  text: 396,
} as const;

export type TableWidth = keyof typeof WIDTHS;

/** How a table is set. */
export interface Form {
  size: Size & ('small' | 'footnotesize');
  /** Between two columns, in points. */
  gap: number;
  /** Whether intervals stand below their values. */
  below: boolean;
  /** Whether headings take several lines. */
  wrapped: boolean;
}

/** From the roomiest to the tightest that is still read with ease. */
const FORMS: readonly Form[] = [
  { size: 'small', gap: 9, below: false, wrapped: false },
  { size: 'small', gap: 9, below: false, wrapped: true },
  { size: 'footnotesize', gap: 8, below: false, wrapped: true },
  { size: 'footnotesize', gap: 5, below: false, wrapped: true },
  { size: 'small', gap: 9, below: true, wrapped: true },
  { size: 'footnotesize', gap: 8, below: true, wrapped: true },
  { size: 'footnotesize', gap: 5, below: true, wrapped: true },
];

/** Some columns of a table, set beside each other. */
export interface Panel {
  columns: {
    index: number;
    /** At most, in points. */
    width: number;
    /** Whether some of its text is wider. */
    cramped: boolean;
  }[];
}

export interface Layout {
  grid: Grid;
  form: Form;
  /** Several where the columns do not fit beside each other; each begins with the names of the rows. */
  panels: Panel[];
}

/**
 * The first form in which a table fits a width: smaller type and intervals below their values, then rows for
 * columns where there are few rows, then several panels below each other.
 */
export function layOut(grid: Grid, width: number): Layout {
  for (const shape of [grid, ...(turnable(grid) ? [transpose(grid)] : [])]) {
    for (const form of FORMS) {
      const [panel, ...more] = panelsOf(shape, form, width) as [Panel, ...Panel[]];
      if (more.length === 0) return { grid: shape, form, panels: [panel] };
    }
  }
  const split = FORMS.filter(({ gap }) => gap === 8).map((form) => ({
    grid,
    form,
    panels: panelsOf(grid, form, width),
  }));
  return split.reduce((best, next) => (next.panels.length < best.panels.length ? next : best));
}

/** Turned by a quarter, a table of prose or of many rows would be no better. */
function turnable({ stub, columns, rows }: Grid): boolean {
  const short = columns.every(
    ({ numeric }, c) => c < stub || numeric || rows.every((row) => row[c]!.text.length <= 20),
  );
  return short && rows.length <= 8 && columns.length <= 40 && columns.length - stub > rows.length;
}

interface Need {
  min: number;
  natural: number;
}

/** As few panels as the width allows, about equally wide; a column that is wider than the page has its own. */
function panelsOf(grid: Grid, form: Form, width: number): Panel[] {
  const needs = grid.columns.map((_, c) => needOf(grid, form, c));
  const within = (most: number) => fill(grid.stub, needs, form.gap, most);
  const fewest = within(width).length;
  const balanced = within(smallest(width, (narrower) => within(narrower).length <= fewest));
  return balanced.map((columns) => ({
    columns: widen(columns, needs, width - form.gap * (columns.length - 1)),
  }));
}

/** Columns in panels, each as full as it goes; all begin with the stub. */
function fill(stub: number, needs: readonly Need[], gap: number, width: number): number[][] {
  const names = needs.slice(0, stub).map((_, c) => c);
  const panels: number[][] = [[...names]];
  const taken = (columns: readonly number[]) =>
    columns.reduce((sum, c) => sum + needs[c]!.min, gap * (columns.length - 1));
  for (let c = stub; c < needs.length; c++) {
    const last = panels[panels.length - 1]!;
    if (last.length > stub && taken([...last, c]) > width) panels.push([...names, c]);
    else last.push(c);
  }
  return panels;
}

/** The least of the numbers from 0 to `most` that suit, to a thousandth of `most`; larger ones suit as well. */
function smallest(most: number, suits: (x: number) => boolean): number {
  let [low, high] = [0, most];
  for (let i = 0; i < 10; i++) {
    const middle = (low + high) / 2;
    if (suits(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** How wide a column must be, and how wide it would be with room to spare. */
interface Need {
  min: number;
  natural: number;
}

function needOf({ columns, rows }: Grid, form: Form, c: number): Need {
  const { size, wrapped } = form;
  const { title, group = '', numeric } = columns[c]!;
  // A panel may hold one column of a group only.
  const above = longestPart(group, size);
  const head = textWidth(title, size);
  if (numeric) {
    const body = Math.max(above, ...rows.map((row) => numberWidth(row[c]!, form)));
    const min = Math.max(body, wrapped ? longestPart(title, size) : head);
    // With room, headings take two lines.
    return { min, natural: Math.max(min, wrapped ? 0.7 * head : head) };
  }
  const texts = rows.map((row) => row[c]!.text);
  const natural = Math.max(above, head, ...texts.map((text) => textWidth(text, size)));
  // Prose is set in at most about six lines. Names keep to one where the next line is for intervals.
  const readable = Math.max(form.below ? 12 * SIZES[size].em : 7 * SIZES[size].em, natural / 6);
  const word = Math.max(above, ...[title, ...texts].map((text) => longestPart(text, size)));
  return { min: Math.min(natural, Math.max(word, readable)), natural };
}

function numberWidth({ text, interval, standing }: GridCell, { size, below }: Form): number {
  const value = textWidth(text, size, standing === 'best');
  if (!interval) return value;
  const range = textWidth(interval, 'scriptsize');
  return below ? Math.max(value, range) : value + textWidth(' ', size) + range;
}

/** Columns share what room is left, up to one width, those in need of more first. */
function widen(columns: readonly number[], needs: readonly Need[], room: number): Panel['columns'] {
  const widths = (most: number) =>
    columns.map((c) => Math.max(needs[c]!.min, Math.min(needs[c]!.natural, most)));
  const cut = smallest(room, (spared) => widths(room - spared).reduce((a, b) => a + b, 0) <= room);
  return columns.map((index, i) => {
    const width = widths(room - cut)[i]!;
    return { index, width, cramped: width < needs[index]!.natural - 1e-6 };
  });
}

/** How many lines a row takes. */
export function rowLines({ grid, form }: Layout, { columns }: Panel, row: number): number {
  const counts = columns.map(({ index, width, cramped }) => {
    const { text, interval } = grid.rows[row]![index]!;
    if (cramped && !grid.columns[index]!.numeric) return lines(text, form.size, width).length;
    return form.below && interval ? 2 : 1;
  });
  return Math.max(1, ...counts);
}
