import type { Rank } from '../../comparison/ranks.js';
import { NONE } from '../format.js';
import { escapeLatex, UNPRINTABLE } from './escape.js';
import type { Grid, GridCell } from './grid.js';
import { type Form, type Layout, layOut, type Panel } from './layout.js';
import { lines, paragraph } from './lines.js';
import { type Part, paginate } from './pages.js';

/**
 * A table as `tabular` environments of at most a width in points, a text a page: one page unless it is very
 * long. Only `booktabs` is needed. Each page is a group of its own, to be put into a float or the text.
 */
export function tabulars(grid: Grid, width: number): string[] {
  const layout = layOut(grid, width);
  return paginate(layout).map((parts) => {
    const body = parts.map((part) => tabular(layout, part)).join('\\par\\medskip\n');
    const text = `{\\${layout.form.size}\\setlength{\\tabcolsep}{${layout.form.gap / 2}pt}%\n${body}}\n`;
    return text.includes('\\assayunicode') ? [...UNPRINTABLE, text].join('\n') : text;
  });
}

function tabular(layout: Layout, { panel, from, to }: Part): string {
  const { grid, form } = layout;
  const columns = panel.columns.map((column) => ({
    ...column,
    align: grid.columns[column.index]!.numeric ? 'r' : column.cramped ? 'p' : 'l',
  }));
  // Raggedness gives `\\` another meaning inside a paragraph.
  const end = columns.some(({ align }) => align === 'p') ? ' \\tabularnewline' : ' \\\\';
  const spec = columns.map(({ align, width }) => (align === 'p' ? `p{${width.toFixed(1)}pt}` : align));
  const heads = columns.map(({ index, width, align }) =>
    heading(grid.columns[index]!.title, form, width, align === 'r' ? 'r' : 'l'),
  );
  return [
    `\\begin{tabular}{@{}${spec.join('')}@{}}`,
    '\\toprule',
    ...groupLines(grid, form, panel, end),
    heads.join(' & ') + end,
    '\\midrule',
    ...grid.rows.slice(from, to).flatMap((row) => setRow(row, form, columns, end)),
    '\\bottomrule',
    '\\end{tabular}',
  ].join('\n');
}

function heading(title: string, { size, wrapped }: Form, width: number, align: string): string {
  const rows = wrapped ? lines(title, size, width) : [title];
  if (rows.length === 1) return escapeLatex(title);
  return `\\begin{tabular}[b]{@{}${align}@{}}${rows.map(escapeLatex).join('\\\\')}\\end{tabular}`;
}

/** What stands above several columns, with a rule below each. */
function groupLines(grid: Grid, form: Form, { columns }: Panel, end: string): string[] {
  const spans: { group: string; width: number; columns: number }[] = [];
  for (const { index, width } of columns) {
    const { group = '' } = grid.columns[index]!;
    const last = spans.at(-1);
    if (group && last?.group === group) {
      last.columns++;
      last.width += form.gap + width;
    } else spans.push({ group, width, columns: 1 });
  }
  if (spans.every(({ group }) => !group)) return [];
  const cells = spans.map(({ group, width, columns: n }) =>
    group ? `\\multicolumn{${n}}{c}{${heading(group, { ...form, wrapped: true }, width, 'c')}}` : '',
  );
  let next = 1;
  const rules = spans.flatMap(({ group, columns: n }) => {
    const first = next;
    next += n;
    return group ? [`\\cmidrule(lr){${first}-${next - 1}}`] : [];
  });
  return [cells.join(' & ') + end, rules.join(' ')];
}

/** A row; where intervals stand below their values, two. */
function setRow(
  row: readonly GridCell[],
  { below }: Form,
  columns: readonly { index: number; align: string }[],
  end: string,
): string[] {
  const cells = columns.map(({ index, align }) => ({ ...row[index]!, align }));
  const values = cells.map((cell) => {
    const text = valueText(cell);
    return cell.interval && !below ? `${text} ${small(cell.interval)}` : text;
  });
  if (!below || cells.every(({ interval }) => !interval)) return [values.join(' & ') + end];
  const intervals = cells.map(({ interval }) => (interval ? small(interval) : ''));
  return [`${values.join(' & ')}${end}[-0.4ex]`, `${intervals.join(' & ')}${end}[0.3ex]`];
}

function valueText({ text, standing, align }: GridCell & { align: string }): string {
  if (align === 'p') return `\\raggedright ${paragraph(text)}`;
  return marks[standing](text === NONE ? '--' : escapeLatex(text));
}

const small = (interval: string) => `{\\scriptsize ${escapeLatex(interval)}}`;

const marks: Record<Rank, (text: string) => string> = {
  best: (text) => `\\textbf{${text}}`,
  second: (text) => `\\underline{${text}}`,
  other: (text) => text,
};
