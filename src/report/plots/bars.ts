import type { BarFigure } from '../../suites/results.js';
import { formatEstimate } from '../format.js';
import { axisFormat, categoryAngle } from './axes.js';
import { areaLegend, type Drawing } from './drawing.js';
import type { Palette } from './palette.js';
import { PLOT_HEIGHT, PLOT_WIDTH } from './theme.js';

/** Bars beyond which a plot takes the whole width. */
const FULL = 24;

/** Grouped bars with intervals. When the categories themselves are coloured names (systems), they keep their colours. */
export function drawBars(figure: BarFigure, palette: Palette): Drawing {
  const names = figure.series.map((s) => s.name);
  const single = figure.series.length === 1;
  const colours = palette.colours(single ? figure.categories : names);
  const uniform = single && figure.categories.length > 8;
  const values = figure.series.flatMap((series, s) =>
    series.values.map(({ value, interval }, c) => ({
      category: c,
      series: s,
      colour: single ? c : s,
      value,
      lo: interval?.[0],
      hi: interval?.[1],
      tip: tipOf(single ? '' : series.name, figure.categories[c]!, cellOf(figure, series.values[c])),
    })),
  );
  const full = figure.categories.length * figure.series.length > FULL;
  const width = full ? 2 * PLOT_WIDTH + 28 : PLOT_WIDTH;
  const x = {
    field: 'category',
    type: 'ordinal' as const,
    title: figure.xLabel,
    axis: {
      ...categoryAngle(figure.categories, width),
      labelExpr: `${JSON.stringify(figure.categories)}[datum.value]`,
      ticks: false,
    },
    scale: { domain: figure.categories.map((_, i) => i), paddingInner: 0.28, paddingOuter: 0.14 },
  };
  const y = {
    field: 'value',
    type: 'quantitative' as const,
    title: figure.yLabel,
    scale: figure.yDomain ? { domain: figure.yDomain } : {},
    axis: { format: axisFormat(figure.yFormat) },
  };
  const offset = { field: 'series', type: 'ordinal' as const };
  const color = {
    field: 'colour',
    type: 'nominal' as const,
    legend: null,
    scale: { domain: colours.map((_, i) => i), range: uniform ? colours.map(() => 'var(--c0)') : colours },
  };
  return {
    size: full ? 'full' : 'half',
    legend: single ? [] : areaLegend(names, colours),
    data: {
      columns: [figure.xLabel || 'Category', ...names],
      rows: figure.categories.map((category, c) => [
        category,
        ...figure.series.map(({ values }) => cellOf(figure, values[c])),
      ]),
    },
    spec: {
      width,
      height: PLOT_HEIGHT,
      autosize: { type: 'fit', contains: 'padding' },
      data: { values },
      layer: [
        {
          transform: [{ filter: 'isValid(datum.value)' }],
          mark: { type: 'bar', opacity: 0.85, clip: true },
          encoding: { x, y, color, xOffset: offset },
        },
        {
          transform: [{ filter: 'isValid(datum.lo) && isValid(datum.hi)' }],
          mark: { type: 'rule', color: 'currentColor', strokeWidth: 1.2, clip: true },
          encoding: { x, y: { ...y, field: 'lo' }, y2: { field: 'hi' }, xOffset: offset },
        },
      ],
    },
  };
}

type Value = BarFigure['series'][number]['values'][number];

function cellOf({ yFormat = 'number' }: BarFigure, entry: Value | undefined): string {
  const { value, interval } = formatEstimate(entry?.value ?? null, entry?.interval, yFormat);
  return `${value} ${interval}`.trim();
}

const tipOf = (series: string, category: string, cell: string) =>
  `${[series, category].filter((part) => part).join(', ')}: ${cell}`;
