import type { HeatmapFigure } from '../../suites/results.js';
import { formatEstimate, formatNumber, NONE } from '../format.js';
import { axisTitle, categoryAngle } from './axes.js';
import type { Drawing } from './drawing.js';
import { INK, PLOT_WIDTH } from './theme.js';

/** Height of a row. */
const ROW = 22;
/** Width of a label's letter, and what a label may take at most. */
const LETTER = 6.2;
const LONGEST = 200;
/** Names of columns that have no room side by side are turned this steeply, and cut: what leans over the last column takes its width. */
const TURNED = -60;
const TURNED_LONGEST = 130;
/** Columns beyond which a plot takes the whole width. */
const HALF = 8;
/** Narrower cells have no room for their number, which tip and table still tell. */
const NUMBER = 34;
/** No colours of series: these stand for numbers. */
const MORE = 'var(--link)';
const LESS = 'var(--gap)';
/** Numbers are read on the darkest colour too. */
const DARKEST = 0.55;

type Value = HeatmapFigure['rows'][number]['values'][number];

/**
 * A rectangle for every pair of a row and a column, the darker the larger its number; with a `middle`, one colour above it and
 * another below. The shade is an opacity: colours of the page are variables, which nothing can mix.
 */
export function drawHeatmap(figure: HeatmapFigure): Drawing {
  const { columns, rows, xLabel, yLabel } = figure;
  const shade = shadeOf(figure);
  const values = rows.flatMap((row, r) =>
    row.values.map((entry, c) => ({
      row: r,
      column: c,
      shade: entry.value === null ? 0 : Math.abs(shade(entry.value)),
      less: entry.value !== null && shade(entry.value) < 0,
      text: entry.value === null ? NONE : shownIn(figure, entry.value),
      tip: `${row.label}, ${columns[c]}: ${cellOf(figure, entry)}`,
    })),
  );
  const full = columns.length > HALF;
  const width = full ? 2 * PLOT_WIDTH + 28 : PLOT_WIDTH;
  const labels = Math.min(LONGEST, LETTER * Math.max(0, ...rows.map(({ label }) => label.length)));
  const turned = categoryAngle(columns, width - labels).labelAngle !== 0;
  const leaning = turned
    ? Math.min(TURNED_LONGEST, LETTER * (columns.at(-1)?.length ?? 0)) * Math.cos((TURNED * Math.PI) / 180)
    : 0;
  const cellWidth = (width - labels - leaning - 30) / Math.max(1, columns.length);
  const axis = (names: readonly string[]) => ({
    labelExpr: `${JSON.stringify(names)}[datum.value]`,
    ticks: false,
    domain: false,
    grid: false,
  });
  const band = (names: readonly string[]) => ({
    domain: names.map((_, i) => i),
    paddingInner: 0.06,
    paddingOuter: 0,
  });
  const names = rows.map(({ label }) => label);
  const x = {
    field: 'column',
    type: 'ordinal' as const,
    title: xLabel === '' ? null : axisTitle(xLabel, width),
    axis: {
      ...axis(columns),
      labelAngle: turned ? TURNED : 0,
      ...(turned && { labelLimit: TURNED_LONGEST }),
      orient: 'top' as const,
    },
    scale: band(columns),
  };
  const y = {
    field: 'row',
    type: 'ordinal' as const,
    title: yLabel === '' ? null : axisTitle(yLabel, ROW * rows.length),
    axis: { ...axis(names), labelLimit: LONGEST },
    scale: band(names),
  };
  return {
    size: full ? 'full' : 'half',
    legend: [],
    data: {
      columns: [yLabel || 'Row', ...columns],
      rows: rows.map((row) => [row.label, ...columns.map((_, c) => cellOf(figure, row.values[c]))]),
    },
    spec: {
      width,
      height: { step: ROW },
      autosize: { type: 'fit-x', contains: 'padding' },
      // What letters are taken to be as wide as is a guess: the end of the last name may need more.
      ...(turned && { padding: { left: 5, top: 5, bottom: 5, right: 20 } }),
      data: { values },
      layer: [
        {
          mark: { type: 'rect' },
          encoding: {
            x,
            y,
            color: {
              field: 'less',
              type: 'nominal',
              legend: null,
              scale: { domain: [false, true], range: [MORE, LESS] },
            },
            fillOpacity: {
              field: 'shade',
              type: 'quantitative',
              legend: null,
              scale: { domain: [0, 1], range: [0.03, DARKEST] },
            },
          },
        },
        ...(cellWidth < NUMBER
          ? []
          : [
              {
                mark: { type: 'text' as const, fontSize: 11, color: INK },
                encoding: { x, y, text: { field: 'text', type: 'nominal' as const } },
              },
            ]),
      ],
    },
  };
}

/** From 0 (no colour) to 1, below a `middle` to -1. */
function shadeOf({ rows, domain, middle }: HeatmapFigure): (value: number) => number {
  const all = rows.flatMap(({ values }) => values.flatMap(({ value }) => (value === null ? [] : [value])));
  const [lo, hi] = domain ?? [Math.min(...all), Math.max(...all)];
  const from = middle ?? lo;
  const reach = middle === undefined ? hi - lo : Math.max(hi - middle, middle - lo);
  const least = middle === undefined ? 0 : -1;
  // Where all are equal there is nothing to tell apart.
  return (value) => (reach > 0 ? Math.min(1, Math.max(least, (value - from) / reach)) : 0);
}

/** In a rectangle: with the decimals of the scale, where there is one. */
const shownIn = ({ domain, format = 'number' }: HeatmapFigure, value: number): string =>
  domain && format === 'number'
    ? formatNumber(value, Math.max(...domain.map(Math.abs)))
    : formatEstimate(value, null, format).value;

function cellOf({ format = 'number' }: HeatmapFigure, entry: Value | undefined): string {
  const { value, interval } = formatEstimate(entry?.value ?? null, entry?.interval, format);
  return `${value} ${interval}`.trim();
}
