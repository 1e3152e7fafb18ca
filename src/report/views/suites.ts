import { measuredOf } from '../../comparison/measured.js';
import type { Measure, Results, SuiteResult, Table } from '../../suites/results.js';
import { tableCells } from '../cells.js';
import type { RowsLink } from '../examples/link.js';
import { formatEstimate, formatParams, formatValue, seenText } from '../format.js';
import type { Colours } from './colours.js';
import { type FigureTools, figureView } from './figures.js';
import { direction } from './headings.js';
import { prose } from './prose.js';

/** What suites are shown with. */
export interface SuiteTools extends FigureTools {
  colours: Colours;
  /** Makes HTML ids that occur once. */
  ids: (name: string) => string;
  link: RowsLink;
  /** Told of each figure that is drawn. */
  drawing: () => void;
}

export type SuiteView = Awaited<ReturnType<typeof suiteViews>>[number];

/** A section per suite, in the order of the run file. */
export async function suiteViews(results: Results, directory: string, tools: SuiteTools) {
  const { suites } = results;
  const views = await Promise.all(
    suites.map((suite, i) => {
      // A suite that runs twice with other options shares its name: its measures are printed once, with the first.
      const first = suites.findIndex((one) => one.suite === suite.suite) === i;
      return suiteView(suite, first, results, directory, tools);
    }),
  );
  return views.map((view) => ({
    ...view,
    groups: view.groups.map((group) => ({ ...group, id: tools.ids(`${view.id}-more`) })),
  }));
}

/** Ids are given before anything is waited for: in the order of the page, whatever is drawn first. */
async function suiteView(
  suite: SuiteResult,
  first: boolean,
  results: Results,
  directory: string,
  tools: SuiteTools,
) {
  const id = tools.ids(suite.suite);
  const own = measuredOf(results).flatMap(({ measure, entry }) => (entry === suite ? [measure] : []));
  const drawn = suite.figures.map(async (figure) => {
    const view = await figureView(figure, tools.ids(`${id}-${figure.id}`), directory, tools);
    tools.drawing();
    return view;
  });
  return {
    id,
    suite: suite.suite,
    title: suite.title,
    description: suite.description
      .split(/\n\s*\n/)
      .filter((paragraph) => paragraph.trim() !== '')
      .map(prose),
    options: Object.entries(suite.options).map(([key, value]) => ({ key, value: optionText(value) })),
    failed: suite.status === 'error',
    some: own.length > 0,
    error: suite.error ?? '',
    tables: suite.tables.map((table) => tableView(table, tools.ids(`${id}-${table.id}`), own, tools)),
    groups: grouped(await Promise.all(drawn)),
    notApplicable: results.notApplicable
      .filter((entry) => first && entry.suite === suite.suite)
      .map((entry) => ({ ...entry, what: entry.what ?? '' })),
    heading: first ? counted(results.measures.filter((m) => m.suite === suite.suite).length) : '',
    measures: first ? measureRows(results.measures, suite.suite, tools) : [],
  };
}

function counted(n: number): string {
  return n === 1 ? 'The one measure' : `All ${n} measures`;
}

function optionText(value: unknown): string {
  if (Array.isArray(value)) return value.length > 0 ? value.map(optionText).join(', ') : 'none';
  return formatValue(value);
}

export interface Group<F> {
  /** More of what stands before it: drawn when the reader opens it. */
  folded: boolean;
  heading: string;
  size: string;
  /** Columns on a wide window, chosen so that the last row is not a single straggler. */
  columns: number;
  figures: F[];
}

/** Figures of one kind and size that follow each other share a grid: small multiples. */
function grouped<F extends { kind: string; size: string }>(figures: readonly F[]): Group<F>[] {
  const groups: Group<F>[] = [];
  for (const figure of figures) {
    const last = groups.at(-1);
    const kinds = [last?.figures[0]?.kind, figure.kind];
    // Plots of half the width may stand side by side whatever they show; pictures keep to themselves.
    const alike =
      last?.size === figure.size &&
      (kinds[0] === kinds[1] || (figure.size === 'half' && !kinds.includes('images')));
    if (last && alike) last.figures.push(figure);
    else groups.push({ folded: false, heading: '', size: figure.size, columns: 0, figures: [figure] });
  }
  return groups.map((group) => ({ ...group, columns: columnsFor(group.figures.length) })).flatMap(firstOnes);
}

/** From so many figures of one kind on, those after the first row are folded. */
const MANY = 9;

const KINDS: Record<string, string> = {
  histogram: 'histograms',
  lines: 'curves',
  reliability: 'reliability diagrams',
  bars: 'bar charts',
  heatmap: 'heat maps',
  images: 'grids of pictures',
};

function firstOnes<F extends { kind: string; size: string }>(group: Group<F>): Group<F>[] {
  const { figures } = group;
  // Heat maps over the whole width are a screen each.
  const large = group.size === 'full' && figures[0]!.kind === 'heatmap';
  const columns = large ? 1 : group.columns;
  if (figures.length < (large ? 2 : MANY)) return [group];
  const kind = figures.every((figure) => figure.kind === figures[0]!.kind)
    ? KINDS[figures[0]!.kind]
    : undefined;
  const left = figures.length - columns;
  const heading = left === 1 ? 'One more' : `${left} more ${kind ?? 'plots'}`;
  return [
    { ...group, figures: figures.slice(0, columns) },
    { ...group, folded: true, heading, figures: figures.slice(columns) },
  ];
}

function columnsFor(n: number): number {
  return n === 4 || (n > 6 && n % 3 !== 0) ? 4 : 3;
}

/** Columns with intervals from which on these stand below their values. */
const STACK_FROM = 5;
/** Columns from which on a table is set closer. */
const DENSE_FROM = 9;

/** @param own the measures that its cells count */
function tableView(table: Table, id: string, own: readonly Measure[], { colours, link }: SuiteTools) {
  const cells = tableCells(table);
  const numeric = table.columns.map((_, c) => cells.some((row) => row[c]!.numeric));
  const wide = table.columns.filter((_, c) => cells.some((row) => row[c]!.interval !== ''));
  return {
    id,
    title: table.title,
    caption: table.caption ?? '',
    folded: table.folded ?? false,
    // Beside their values so many intervals would not fit; below them they do.
    stacked: wide.length >= STACK_FROM,
    dense: table.columns.length >= DENSE_FROM,
    columns: table.columns.map((column, c) => ({
      title: column.title,
      numeric: numeric[c],
      ...direction(column.better),
    })),
    rows: cells.map((row) =>
      row.map(({ measure, standing, sort, ...cell }, c) => ({
        ...cell,
        standing: standing === 'other' ? '' : standing,
        // Where it says no more than the cell, tables sort and copy by that.
        sort: sort === cell.text && cell.interval === '' ? '' : sort,
        colour: c === 0 ? (colours.get(cell.text) ?? '') : '',
        link: measure !== undefined && measure < own.length ? link(own[measure]!) : '',
      })),
    ),
  };
}

function measureRows(measures: readonly Measure[], suite: string, { link }: SuiteTools) {
  return measures
    .filter((measure) => measure.suite === suite)
    .map((measure) => ({
      title: measure.title,
      id: measure.measure,
      model: measure.model,
      dataset: measure.dataset,
      params: formatParams(measure.params),
      ...formatEstimate(measure.value, measure.interval, measure.format),
      sort: measure.value ?? '',
      link: link(measure),
      n: seenText(measure),
      count: measure.n,
      partly: measure.of !== undefined,
      method: measure.method,
      note: measure.note ?? '',
      ...direction(measure.better),
    }));
}
