import { oneLine } from '../../one-line.js';
import type { OutputFile } from '../../suites/renderer.js';
import type { Results, Table } from '../../suites/results.js';
import { tableCells } from '../cells.js';
import { type Comparison, compareHeadlines, DAGGER, legendOf, testNotes } from '../comparison.js';
import { formatEstimate } from '../format.js';
import { uniqueSlugs } from '../names.js';
import { type Grid, textCell } from './grid.js';
import { heading, withoutUnit } from './headings.js';
import { WIDTHS } from './layout.js';
import { tabulars } from './tabular.js';

/**
 * `tables/comparison.tex`, and one file per table of each suite, `NAME-2.tex` and so on for the further pages of long
 * ones. Each fits the text of a page with 1-inch margins, or `table*` in two columns, and needs `booktabs` only.
 */
export async function renderLatex(results: Results): Promise<OutputFile[]> {
  const name = uniqueSlugs();
  const origin = results.key === undefined ? [] : [`% Assay run ${results.key}`];
  const files = (id: string, title: string, caption: string, grid: Grid): OutputFile[] =>
    tabulars(grid, WIDTHS.text).map((text, page, pages) => ({
      path: `tables/${name(page === 0 ? id : `${id} ${page + 1}`)}.tex`,
      content: [
        ...origin,
        `% ${oneLine(`${title}. ${caption}`.replace(/\s+/g, ' ').trim())}`,
        ...(pages.length > 1 ? [`% Page ${page + 1} of ${pages.length}.`] : []),
        `% needs \\usepackage{booktabs}; fits a text at least ${WIDTHS.text / 72} inches wide`,
        text,
      ].join('\n'),
    }));
  const comparison = compareHeadlines(results);
  return [
    ...files(
      'comparison',
      results.title,
      comparisonCaption(results, comparison),
      comparisonGrid(results, comparison),
    ),
    ...results.suites.flatMap(({ suite, tables }) =>
      tables.flatMap((table) =>
        files(`${suite}-${table.id}`, table.title, table.caption ?? '', suiteGrid(table)),
      ),
    ),
  ];
}

/** What the marks mean. */
function comparisonCaption(results: Results, comparison: Comparison): string {
  const dagger = legendOf(comparison, results.comparisons);
  return [
    'Best in bold, second best underlined.',
    ...(dagger ? [`${DAGGER}: ${dagger}.`] : []),
    ...testNotes(comparison).map((note) => `${note}.`),
    'Intervals at 95 %.',
  ].join(' ');
}

function comparisonGrid(results: Results, { columns, rows }: Comparison): Grid {
  const titleOf = (suite: string) => results.suites.find((s) => s.suite === suite)?.title ?? suite;
  return {
    stub: 1,
    columns: [
      { title: 'System', numeric: false },
      ...columns.map(({ title, dataset, suite, format, better }) => ({
        title: heading(dataset ? `${title} (${dataset})` : title, format, better),
        group: titleOf(suite),
        numeric: true,
      })),
    ],
    rows: rows.map(({ system, cells }) => [
      textCell(system),
      ...cells.map(({ measure, standing, dagger }, c) => {
        const { format } = columns[c]!;
        const { value, interval } = formatEstimate(measure?.value ?? null, measure?.interval, format);
        return { text: withoutUnit(value, format) + (dagger ? DAGGER : ''), interval, standing };
      }),
    ]),
  };
}

function suiteGrid(table: Table): Grid {
  const cells = tableCells(table);
  const numeric = table.columns.map((_, c) => cells.some((row) => row[c]!.numeric));
  return {
    stub: Math.max(1, numeric.includes(true) ? numeric.indexOf(true) : 1),
    columns: table.columns.map(({ title, format, better }, c) => ({
      title: numeric[c] ? heading(title, format, better) : title,
      numeric: numeric[c]!,
    })),
    rows: cells.map((row) =>
      row.map(({ text, interval, standing, numeric: isNumber }, c) => ({
        text: isNumber ? withoutUnit(text, table.columns[c]!.format) : text,
        interval,
        standing,
      })),
    ),
  };
}
