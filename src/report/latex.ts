import type { Results, Table } from '../suites/results.js';
import { tableCells } from './cells.js';
import { compareHeadlines, type Standing } from './comparison.js';
import { formatEstimate, NONE } from './format.js';
import { uniqueSlugs } from './names.js';
import type { OutputFile } from './output.js';

/** `tables/comparison.tex`, and one file per table of each suite; all need the `booktabs` package only. */
export async function renderLatex(results: Results): Promise<OutputFile[]> {
  const name = uniqueSlugs();
  const origin = results.key === undefined ? '' : `% Assay run ${results.key}\n`;
  const file = (title: string, content: string) => ({
    path: `tables/${name(title)}.tex`,
    content: `${origin}${content}`,
  });
  const files = [file('comparison', comparisonTable(results))];
  for (const suite of results.suites) {
    for (const table of suite.tables) files.push(file(`${suite.suite}-${table.id}`, suiteTable(table)));
  }
  return files;
}

function comparisonTable(results: Results): string {
  const { columns, rows } = compareHeadlines(results);
  const spans: { title: string; width: number }[] = [];
  for (const { suite } of columns) {
    const title = results.suites.find((s) => s.suite === suite)?.title ?? suite;
    const last = spans.at(-1);
    if (last?.title === title) last.width++;
    else spans.push({ title, width: 1 });
  }
  let start = 2;
  const rules = spans.map(({ width }) => `\\cmidrule(lr){${start}-${(start += width) - 1}}`).join(' ');
  const groups = ['', ...spans.map((s) => `\\multicolumn{${s.width}}{c}{${escapeLatex(s.title)}}`)];
  const headings = columns.map((c) => {
    const where = c.dataset ? ` (${c.dataset})` : '';
    return escapeLatex(c.title + where) + arrow(c.better);
  });
  const body = rows.map(({ system, cells }) => [
    escapeLatex(system),
    ...cells.map(({ measure, standing }, i) => {
      const { value, interval } = formatEstimate(
        measure?.value ?? null,
        measure?.interval,
        columns[i].format,
      );
      return estimate(value, interval, standing);
    }),
  ]);
  return tabular({
    title: results.title,
    caption:
      'Best in bold; underlined where not distinguishable from the best (the intervals overlap). Intervals at 95 %.',
    align: `l${'r'.repeat(columns.length)}`,
    head: [
      `${groups.join(' & ')} \\\\`,
      ...(columns.length > 0 ? [rules] : []),
      line(['System', ...headings]),
    ],
    body,
  });
}

function suiteTable(table: Table): string {
  const cells = tableCells(table);
  const numeric = table.columns.map((_, c) => cells.some((row) => row[c].numeric));
  return tabular({
    title: table.title,
    caption: table.caption ?? '',
    align: numeric.map((is) => (is ? 'r' : 'l')).join(''),
    head: [line(table.columns.map((c) => escapeLatex(c.title) + arrow(c.better)))],
    body: cells.map((row) => row.map((cell) => estimate(cell.text, cell.interval, cell.standing))),
  });
}

interface Tabular {
  title: string;
  caption: string;
  align: string;
  head: string[];
  body: string[][];
}

function tabular({ title, caption, align, head, body }: Tabular): string {
  const comment = `${title}. ${caption}`.replace(/\s+/g, ' ').trim();
  return [
    `% ${comment}`,
    '% needs \\usepackage{booktabs}',
    `\\begin{tabular}{${align}}`,
    '\\toprule',
    ...head,
    '\\midrule',
    ...body.map(line),
    '\\bottomrule',
    '\\end{tabular}',
    '',
  ].join('\n');
}

function line(cells: readonly string[]): string {
  return `${cells.join(' & ')} \\\\`;
}

function estimate(value: string, interval: string, standing: Standing): string {
  const text = value === NONE ? '--' : escapeLatex(value);
  const marked = marks[standing](text);
  return interval ? `${marked} {\\scriptsize ${escapeLatex(interval)}}` : marked;
}

const marks: Record<Standing, (text: string) => string> = {
  best: (text) => `\\textbf{${text}}`,
  tied: (text) => `\\underline{${text}}`,
  other: (text) => text,
};

function arrow(better: string | undefined): string {
  return better === 'higher' ? ' $\\uparrow$' : better === 'lower' ? ' $\\downarrow$' : '';
}

const special: Record<string, string> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  $: '\\$',
  '&': '\\&',
  '#': '\\#',
  '%': '\\%',
  _: '\\_',
  '^': '\\textasciicircum{}',
  '~': '\\textasciitilde{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '[': '{[}',
  ']': '{]}',
  '−': '$-$',
  '–': '--',
  '∞': '$\\infty$',
  '†': '$^\\dagger$',
  '\u2009': '\\,',
};

/**
 * Text as LaTeX prints it: every character TeX would read as a command is escaped (brackets too, since one after
 * `\\` would be taken for an argument), line breaks, control characters and those that turn the direction of text become spaces.
 */
export function escapeLatex(text: string): string {
  return text
    .replace(/\s*[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+\s*/gu, ' ')
    .replace(/[\\{}$&#%_^~<>[\]−–∞†\u2009]/g, (c) => special[c]);
}
