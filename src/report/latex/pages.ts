import { type Layout, type Panel, rowLines } from './layout.js';

/** Points that a table may be high, its caption apart: the text of a letter page with 1-inch margins has 650. */
const HEIGHT = 560;

/** A line of the body; the rules, the heading and the space to the next tabular. */
const LINE = { small: 11, footnotesize: 9.5 };
const FRAME = 70;

/** Rows of a panel that stand on one page. */
export interface Part {
  panel: Panel;
  from: number;
  to: number;
}

/** A layout in pages of parts, so that each page fits into a float. */
export function paginate(layout: Layout): Part[][] {
  const pages: Part[][] = [];
  let left = 0;
  for (const panel of layout.panels) {
    for (const { from, to, height } of chunks(layout, panel)) {
      if (height > left || pages.length === 0) {
        pages.push([]);
        left = HEIGHT;
      }
      pages[pages.length - 1]!.push({ panel, from, to });
      left -= height;
    }
  }
  return pages;
}

function chunks(layout: Layout, panel: Panel): { from: number; to: number; height: number }[] {
  const step = LINE[layout.form.size];
  const done = [{ from: 0, to: 0, height: FRAME }];
  for (let row = 0; row < layout.grid.rows.length; row++) {
    const height = step * rowLines(layout, panel, row);
    let last = done[done.length - 1]!;
    if (last.height + height > HEIGHT && last.to > last.from) {
      last = { from: row, to: row, height: FRAME };
      done.push(last);
    }
    last.to = row + 1;
    last.height += height;
  }
  return done;
}
