import type { HistogramFigure } from '../../suites/results.js';
import { axisTitle } from './axes.js';
import type { Drawing } from './drawing.js';
import { MUTED, SMALL_WIDTH } from './theme.js';

/** Height of a row, and how much of it the peak takes. */
const PITCH = 34;
const REACH = 0.92;
/** Room for the names at the left, as Vega reckons it: it takes letters for wider than they are. */
const LABELS = 130;
/** Letters that fit there. */
export const LETTERS = 14;

/** A row per histogram, the outline of the first behind each of the others: many sets do not hide one another. */
export function ridgeSpec(
  figure: HistogramFigure,
  colours: readonly string[],
  tips: string[][],
): Drawing['spec'] {
  const { edges, series } = figure;
  const n = series.length;
  const rows = series.flatMap(({ counts }, s) => steps(edges, counts, n - 1 - s, s, tips[s]));
  const first = series
    .slice(1)
    .flatMap((_, s) =>
      steps(edges, series[0]!.counts, n - 2 - s, s + 1).map((step) => ({ ...step, tip: '' })),
    );
  const indices = series.map((_, s) => s);
  const names = series.map(({ name }) => name);
  const x = {
    field: 'x',
    type: 'quantitative' as const,
    title: axisTitle(figure.xLabel, SMALL_WIDTH - 78),
    scale: { domain: [edges[0]!, edges[edges.length - 1]!], nice: false, zero: false },
    axis: { tickCount: 4 },
  };
  const y = {
    field: 'y',
    type: 'quantitative' as const,
    title: null,
    scale: { domain: [0, n - 1 + REACH], nice: false },
    axis: {
      values: indices,
      labelExpr: `${JSON.stringify(names.toReversed())}[datum.value]`,
      labelLimit: LABELS,
      labelBaseline: 'bottom' as const,
      labelOffset: -2,
    },
  };
  const color = {
    field: 'series',
    type: 'nominal' as const,
    legend: null,
    scale: { domain: indices, range: [...colours] },
  };
  const step = { interpolate: 'step-after' as const };
  return {
    width: SMALL_WIDTH,
    height: PITCH * (n + 0.6) + 44,
    autosize: { type: 'fit', contains: 'padding' },
    data: { values: rows },
    layer: [
      { mark: { type: 'area', ...step, opacity: 0.42 }, encoding: { x, y, y2: { field: 'base' }, color } },
      { mark: { type: 'line', ...step, strokeWidth: 1.4 }, encoding: { x, y, color } },
      {
        data: { values: first },
        mark: { type: 'line', ...step, color: MUTED, strokeWidth: 1, strokeDash: [2, 2] },
        encoding: { x, y, detail: { field: 'series', type: 'nominal' } },
      },
    ],
  };
}

/** A histogram on its own base line, as high as its peak. The last edge repeats the last bin, which closes its step. */
function steps(
  edges: readonly number[],
  counts: readonly number[],
  base: number,
  series: number,
  tips: readonly string[] = [],
) {
  const peak = Math.max(...counts, Number.MIN_VALUE);
  return edges.map((x, i) => {
    const share = counts[Math.min(i, counts.length - 1)] ?? 0;
    return { x, y: base + (REACH * share) / peak, base, series, tip: tips[i] ?? '' };
  });
}
