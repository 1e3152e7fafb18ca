import type { LineFigure } from '../../suites/results.js';
import { formatEstimate, formatNumber } from '../format.js';
import { axisFormat, labelledTicks } from './axes.js';
import { areaLegend, type Drawing, type LegendEntry } from './drawing.js';
import type { Palette } from './palette.js';
import { dashOf, markerOf } from './strokes.js';
import { MUTED, PLOT_HEIGHT, PLOT_WIDTH, SMALL_WIDTH } from './theme.js';

/** Of long curves so many points say what they are, and stand in the table. */
const TOLD = 40;

/** Opacities of areas. */
const SHADE = 0.16;
const FAINT = 0.06;

/** Pixels between whiskers at one place. */
const APART = 2;

const HAS_INTERVAL = 'isValid(datum.lo) && isValid(datum.hi)';

/**
 * Curves with shades for their intervals, each with a dash and a marker of its own. Beside a band between curves, which is what
 * such a figure is about, intervals are whiskers, or fainter where no points are marked.
 */
export function drawLines(figure: LineFigure, palette: Palette): Drawing {
  const names = figure.series.map((s) => s.name);
  const areas = figure.band?.areas ?? [];
  const colours = palette.colours(names, { sharing: true });
  const dashes = dashesOf(figure, colours);
  const legend = figure.series.map((series, i): LegendEntry => {
    return {
      name: titleOf(series),
      colour: colours[i]!,
      area: false,
      dash: dashes[i]!.join(' '),
      symbol: figure.points ? markerOf(i).symbol : '',
    };
  });
  const values = figure.series.flatMap((series, i) => {
    const told = new Set(thinned(series.points));
    return series.points.map((point) => ({
      ...point,
      series: i,
      tip: told.has(point) ? tipOf(figure, titleOf(series), point) : '',
    }));
  });
  const whiskers = figure.band !== undefined && figure.points === true;
  /** How far to the side that of a curve stands. */
  const aside = (i: number) => APART * (i - (names.length - 1) / 2);
  // Both axes are the same quantity (ROC): a square, so that the diagonal is one.
  const square = figure.diagonal === true;
  const x = {
    field: 'x',
    type: 'quantitative' as const,
    title: figure.xLabel,
    scale: {
      ...(figure.xDomain ? { domain: figure.xDomain } : { zero: false }),
      nice: false,
      // Those of the first place stand beside the axis, not on its labels.
      ...(whiskers && { padding: aside(names.length) }),
    },
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
  const between = { x, y: { ...y, field: 'lo' }, y2: { field: 'hi' } };
  const dash = {
    ...series,
    scale: { domain: indices, range: dashes.map((dash) => (dash.length > 0 ? dash : [1, 0])) },
  };
  const shape = {
    ...series,
    scale: { domain: indices, range: indices.map((i) => markerOf(i).shape) },
  };
  return {
    size: square ? 'third' : 'half',
    legend: [
      ...(names.length > 1 || names[0] ? legend : []),
      ...(figure.band ? areaLegend([figure.band.label], [MUTED]) : []),
    ],
    data: dataOf(figure),
    spec: {
      width: square ? SMALL_WIDTH : PLOT_WIDTH,
      height: square ? SMALL_WIDTH : PLOT_HEIGHT,
      autosize: { type: 'fit', contains: 'padding' },
      data: { values },
      layer: [
        ...(figure.diagonal ? [diagonal(figure)] : []),
        ...areas.map(({ name, points }) => ({
          data: { values: points },
          mark: {
            type: 'area' as const,
            color: colours[names.indexOf(name)] ?? MUTED,
            opacity: SHADE,
            clip: true,
          },
          encoding: between,
        })),
        ...(whiskers
          ? indices.map((i) => ({
              transform: [{ filter: `datum.series === ${i} && ${HAS_INTERVAL}` }],
              mark: {
                type: 'rule' as const,
                strokeWidth: 1,
                opacity: 0.6,
                // Beside each other, not on top; so not clipped, which would take those at the last point.
                xOffset: aside(i),
              },
              encoding: { ...between, color },
            }))
          : [
              {
                transform: [{ filter: HAS_INTERVAL }],
                mark: { type: 'area' as const, opacity: figure.band ? FAINT : SHADE, clip: true },
                encoding: { ...between, color },
              },
            ]),
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

type Series = LineFigure['series'][number];
type Point = Series['points'][number];

const titleOf = ({ name, variant }: Pick<Series, 'name' | 'variant'>) =>
  variant ? `${name}, ${variant}` : name;

/**
 * Points tell series apart by their markers; without, or where two share a colour, lines have dashes of their own. Where
 * dashes say something, those that ask for them are dashed and all others solid, as far as colours tell them apart.
 */
function dashesOf({ series, points }: LineFigure, colours: readonly string[]): number[][] {
  const meant = points || series.some(({ dashed }) => dashed);
  const taken: number[] = [];
  series.forEach(({ dashed = false }, i) => {
    const own = (j: number) => j < i && colours[j] === colours[i];
    const alike = series.filter((other, j) => own(j) && (other.dashed ?? false) === dashed).length;
    let dash = (dashed ? 1 : 0) + (meant ? alike : i);
    // The second solid line of a colour is dashed: not as one that asked for it.
    while (meant && taken.some((other, j) => own(j) && other === dash)) dash++;
    taken.push(dash);
  });
  return taken.map(dashOf);
}

/** Long curves are thinned to about forty points: the table is for reading, the numbers are in results.json. */
function thinned<T>(points: readonly T[]): T[] {
  const stride = Math.max(1, Math.ceil(points.length / TOLD));
  return points.filter((_, i) => i % stride === 0 || i === points.length - 1);
}

const labelAt = ({ xTicks = [] }: LineFigure, x: number) =>
  xTicks.find(({ value }) => value === x)?.label ?? formatNumber(x);

function cellsOf(figure: LineFigure, { x, y, lo, hi }: Point) {
  const interval = lo === undefined || hi === undefined ? null : ([lo, hi] as const);
  return { at: labelAt(figure, x), ...formatEstimate(y, interval, figure.yFormat ?? 'number') };
}

function tipOf(figure: LineFigure, name: string, point: Point): string {
  const { at, value, interval } = cellsOf(figure, point);
  return `${name ? `${name}: ` : ''}${value} ${interval} at ${figure.xLabel} ${at}`;
}

function dataOf(figure: LineFigure): Drawing['data'] {
  const rows = figure.series.flatMap((series) =>
    thinned(series.points).map((point) => {
      const { at, value, interval } = cellsOf(figure, point);
      return [titleOf(series), at, value, interval];
    }),
  );
  const value = (y: number) => formatEstimate(y, null, figure.yFormat ?? 'number').value;
  const bands = (figure.band?.areas ?? []).flatMap(({ name, points }) =>
    thinned(points).map(({ x, lo, hi }) => [
      titleOf({ name, variant: figure.band?.label }),
      labelAt(figure, x),
      `${value(lo)} to ${value(hi)}`,
      '',
    ]),
  );
  return { columns: ['Series', figure.xLabel, figure.yLabel, 'Interval'], rows: [...rows, ...bands] };
}
