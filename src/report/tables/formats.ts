import { stringify } from 'csv-stringify/sync';
import Handlebars from 'handlebars';
import type { Rank } from '../../comparison/ranks.js';
import { cast } from '../../csv-cell.js';
import { oneLine } from '../../one-line.js';
import { escapeLatex } from '../latex/escape.js';
import { WIDTHS } from '../latex/layout.js';
import { tabulars } from '../latex/tabular.js';
import type { PaperTable } from './paper-table.js';

/** How a table is written in each format, and how its files end. A new one is a row. */
export const tableFormats: Readonly<
  Record<string, { ending: string; write: (table: PaperTable) => string }>
> = {
  latex: { ending: 'tex', write: latex },
  markdown: { ending: 'md', write: markdown },
  csv: { ending: 'csv', write: csv },
  html: { ending: 'html', write: html },
};

/** Floats, one a page, with caption and label. */
function latex(table: PaperTable): string {
  const { caption, label, remarks, width } = table;
  const environment = width === 'text' ? 'table*' : 'table';
  const pages = tabulars(table, WIDTHS[width]).map((text, page) => {
    const words = caption ? `\\caption{${escapeLatex(caption)}${page > 0 ? ' (continued)' : ''}}` : '';
    const name = label && page === 0 ? `\\label{${label.replace(/[^\w:.-]/g, '-')}}` : '';
    return [
      `\\begin{${environment}}[t]`,
      '\\centering',
      words + name,
      text.trimEnd(),
      `\\end{${environment}}`,
    ]
      .filter(Boolean)
      .join('\n');
  });
  const head = [`needs \\usepackage{booktabs}; fits ${WIDTHS[width] / 72} inches`, ...remarks];
  return `${head.map((line) => `% ${oneLine(line)}`).join('\n')}\n${pages.join('\n')}\n`;
}

const markdownMarks: Record<Rank, (text: string) => string> = {
  best: (text) => `**${text}**`,
  second: (text) => `<u>${text}</u>`,
  other: (text) => text,
};

/** A table of GitHub Flavored Markdown: text in it stays text. */
function markdown({ columns, rows, caption, remarks }: PaperTable): string {
  const plain = (text: string) => oneLine(text).replace(/[\\`*_{}[\]<>|#~&!]/g, '\\$&');
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const heads = columns.map(({ title, group }) => plain(group ? `${group}: ${title}` : title));
  const body = rows.map((row) =>
    row.map(({ text, interval, standing }) =>
      `${markdownMarks[standing](plain(text))} ${plain(interval)}`.trim(),
    ),
  );
  const rule = columns.map(({ numeric }) => (numeric ? '---:' : '---'));
  return [
    ...(caption ? [plain(caption), ''] : []),
    line(heads),
    line(rule),
    ...body.map(line),
    '',
    ...remarks.map(plain).join('  \n').split('\n'),
    '',
  ].join('\n');
}

/** Values at full precision, with interval, n, deviation and seeds in columns of their own. */
function csv({ columns, rows, stub }: PaperTable): string {
  const parts = ['', ' lo', ' hi', ' n', ' deviation', ' seeds'];
  const numeric = columns.map(({ numeric: is }, c) => is && c >= stub);
  const table = rows.map((row) =>
    row.flatMap(({ text, data }, c): (string | number | undefined)[] => {
      if (!numeric[c]) return [text];
      return [data?.value, data?.interval?.[0], data?.interval?.[1], data?.n, data?.deviation, data?.seeds];
    }),
  );
  const heads = columns.flatMap(({ name }, c) => (numeric[c] ? parts.map((part) => name + part) : [name]));
  const used = heads.map(
    (_, c) => !/ (lo|hi|deviation|seeds)$/.test(heads[c]!) || table.some((row) => row[c] !== undefined),
  );
  const kept = [heads, ...table].map((row) => row.filter((_, c) => used[c]));
  return stringify(kept, { cast });
}

const page = Handlebars.compile(
  `<table>
{{#if caption}}<caption>{{caption}}</caption>
{{/if}}<thead>
{{#if groups}}<tr>{{#each groups}}<th colspan="{{span}}">{{text}}</th>{{/each}}</tr>
{{/if}}<tr>{{#each columns}}<th>{{title}}</th>{{/each}}</tr>
</thead>
<tbody>
{{#each rows}}<tr>{{#each this}}<td{{#if numeric}} style="text-align: right"{{/if}}>{{#if best}}<b>{{text}}</b>{{else if second}}<u>{{text}}</u>{{else}}{{text}}{{/if}}{{#if interval}} <small>{{interval}}</small>{{/if}}</td>{{/each}}</tr>
{{/each}}</tbody>
</table>
{{#each remarks}}<p>{{this}}</p>
{{/each}}`,
);

/** A table element and its remarks, to be put into a page. */
function html({ columns, rows, caption, remarks }: PaperTable): string {
  const groups: { text: string; span: number }[] = [];
  for (const { group = '' } of columns) {
    const last = groups.at(-1);
    if (last && last.text === group) last.span++;
    else groups.push({ text: group, span: 1 });
  }
  const body = rows.map((row) =>
    row.map(({ text, interval, standing }, c) => ({
      text: oneLine(text),
      interval,
      numeric: columns[c]!.numeric,
      best: standing === 'best',
      second: standing === 'second',
    })),
  );
  const grouped = groups.some(({ text }) => text) ? groups : undefined;
  return page({ caption, columns, groups: grouped, rows: body, remarks });
}
