import type { LineFigure } from '../../suites/results.js';
import { formatEstimate, formatNumber } from '../format.js';
import { axisFormat, labelledTicks } from './axes.js';
import type { Drawing, LegendEntry } from './drawing.js';
import type { Palette } from './palette.js';
import { MUTED, PLOT_HEIGHT, PLOT_WIDTH, SMALL_WIDTH } from './theme.js';

const SYMBOLS = ['●', '■', '▲', '◆', '▼', '✚'];
const SHAPES = ['circle', 'square', 'triangle-up', 'diamond', 'triangle-down', 'cross'];
const DASHES = { line: [1, 0], dashed: [6, 4], dotted: [1.5, 3], area: [1, 0] };

/** Curves with bands for their intervals. */
export function drawLines(figure: LineFigure, palette: Palette): Drawing {
  const names = figure.series.map((s) => s.name);
  const colours = palette.colours(names, { sharing: true });
  const legend = figure.series.map((series, i): LegendEntry => {
    const sharing = colours.slice(0, i).filter((colour) => colour === colours[i]).length;
    const shape = series.dashed || sharing === 1 ? 'dashed' : sharing > 1 ? 'dotted' : 'line';
    return {
      name: series.name,
      colour: colours[i],
      shape,
      symbol: figure.points ? SYMBOLS[i % SYMBOLS.length] : '',
    };
  });
  const values = figure.series.flatMap((series, i) =>
    series.points.map((point) => ({ ...point, series: i })),
  );
  // Both axes are the same quantity (ROC): a square, so that the diagonal is one.
  const square = figure.diagonal === true;
  const x = {
    field: 'x',
    type: 'quantitative' as const,
    title: figure.xLabel,
    scale: figure.xDomain ? { domain: figure.xDomain, nice: false } : { zero: false, nice: false },
    axis: square ? { format: axisFormat(figure.yFormat), tickCount: 5 } : labelledTicks(figure.xTicks),
  };
  const y = {
    field: 'y',
    type: 'quantitative' as const,
    title: figure.yLabel,
    scale: figure.yDomain ? { domain: figure.yDomain } : { zero: figure.yFormat === 'percent' },
    axis: { format: axisFormat(figure.yFormat) },
  };
  const indices = figure.series.map((_, i) => i);
  const series = { field: 'series', type: 'nominal' as const, legend: null };
  const color = { ...series, scale: { domain: indices, range: colours } };
  const dash = { ...series, scale: { domain: indices, range: legend.map((entry) => DASHES[entry.shape]) } };
  const shape = {
    ...series,
    scale: { domain: indices, range: indices.map((i) => SHAPES[i % SHAPES.length]) },
  };
  return {
    size: square ? 'third' : 'half',
    legend: names.length > 1 || names[0] ? legend : [],
    data: dataOf(figure),
    spec: {
      width: square ? SMALL_WIDTH : PLOT_WIDTH,
      height: square ? SMALL_WIDTH : PLOT_HEIGHT,
      autosize: { type: 'fit', contains: 'padding' },
      data: { values },
      layer: [
        ...(figure.diagonal ? [diagonal(figure)] : []),
        {
          transform: [{ filter: 'isValid(datum.lo) && isValid(datum.hi)' }],
          mark: { type: 'area', opacity: 0.16, clip: true },
          encoding: { x, y: { ...y, field: 'lo' }, y2: { field: 'hi' }, color },
        },
        {
          mark: { type: 'line', strokeWidth: 2, clip: true, strokeJoin: 'round' },
          encoding: { x, y, color, strokeDash: dash },
        },
        ...(figure.points
          ? [
              {
                mark: { type: 'point' as const, filled: true, size: 42, opacity: 1 },
                encoding: { x, y, color, shape },
              },
            ]
          : []),
      ],
    },
  };
}

function diagonal({ xDomain: [lo, hi] = [0, 1] }: LineFigure) {
  return {
    data: {
      values: [
        { x: lo, y: lo },
        { x: hi, y: hi },
      ],
    },
    mark: { type: 'line' as const, color: MUTED, strokeDash: [3, 3], strokeWidth: 1, clip: true },
    encoding: {
      x: { field: 'x', type: 'quantitative' as const },
      y: { field: 'y', type: 'quantitative' as const },
    },
  };
}

/** Long curves are thinned to about forty rows: the table is for reading, the numbers are in results.json. */
function dataOf(figure: LineFigure): Drawing['data'] {
  const tick = new Map(figure.xTicks?.map(({ value, label }) => [value, label]));
  const rows = figure.series.flatMap(({ name, points }) => {
    const stride = Math.max(1, Math.ceil(points.length / 40));
    return points
      .filter((_, i) => i % stride === 0 || i === points.length - 1)
      .map(({ x, y, lo, hi }) => {
        const interval = lo === undefined || hi === undefined ? null : ([lo, hi] as const);
        const cell = formatEstimate(y, interval, figure.yFormat ?? 'number');
        return [name, tick.get(x) ?? formatNumber(x), cell.value, cell.interval];
      });
  });
  return { columns: ['Series', figure.xLabel, figure.yLabel, 'Interval'], rows };
}
