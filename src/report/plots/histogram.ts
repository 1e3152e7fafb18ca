import type { HistogramFigure } from '../../suites/results.js';
import { formatNumber } from '../format.js';
import { axisTitle } from './axes.js';
import { areaLegend, type Drawing } from './drawing.js';
import type { Palette } from './palette.js';
import { LETTERS, ridgeSpec } from './ridges.js';
import { SMALL_WIDTH } from './theme.js';

/** Histograms from which on each has a row of its own. */
const MANY = 4;

/** A few histograms over each other, translucent with a firm outline; many below each other. */
export function drawHistogram(figure: HistogramFigure, palette: Palette): Drawing {
  const { edges, series } = figure;
  const names = series.map(({ name }) => name);
  const colours = palette.colours(names);
  const share = (counts: readonly number[], i: number) => `${(100 * (counts[i] ?? 0)).toFixed(1)}%`;
  const bins = edges.slice(0, -1).map((lo, i) => `${formatNumber(lo)} to ${formatNumber(edges[i + 1]!)}`);
  const tips = series.map(({ name, counts }) =>
    bins.map((bin, i) => (counts[i]! > 0 ? `${name}: ${share(counts, i)} in ${bin}` : '')),
  );
  const ridges = series.length >= MANY;
  return {
    size: 'third',
    // Rows are named at the axis, where there is room for their names.
    legend: ridges && names.every(({ length }) => length <= LETTERS) ? [] : areaLegend(names, colours),
    data: {
      columns: [figure.xLabel, ...names],
      rows: bins.map((bin, i) => [bin, ...series.map(({ counts }) => share(counts, i))]),
    },
    spec: ridges ? ridgeSpec(figure, colours, tips) : overlaid(figure, colours, tips),
  };
}

function overlaid({ edges, series, xLabel }: HistogramFigure, colours: readonly string[], tips: string[][]) {
  const values = series.flatMap(({ counts }, s) =>
    // The last edge repeats the last bin, which closes its step.
    edges.map((x, i) => ({
      x,
      y: counts[Math.min(i, counts.length - 1)] ?? 0,
      series: s,
      tip: tips[s]![i] ?? '',
    })),
  );
  const x = {
    field: 'x',
    type: 'quantitative' as const,
    title: axisTitle(xLabel, SMALL_WIDTH - 60),
    scale: { domain: [edges[0]!, edges[edges.length - 1]!], nice: false, zero: false },
  };
  const y = {
    field: 'y',
    type: 'quantitative' as const,
    title: 'Share of examples',
    axis: { format: '~%', tickCount: 4 },
    stack: null,
  };
  const color = {
    field: 'series',
    type: 'nominal' as const,
    legend: null,
    scale: { domain: series.map((_, i) => i), range: [...colours] },
  };
  const step = { interpolate: 'step-after' as const };
  return {
    width: SMALL_WIDTH,
    height: 0.75 * SMALL_WIDTH,
    autosize: { type: 'fit' as const, contains: 'padding' as const },
    data: { values },
    layer: [
      { mark: { type: 'area' as const, ...step, opacity: 0.2 }, encoding: { x, y, color } },
      { mark: { type: 'line' as const, ...step, strokeWidth: 1.5 }, encoding: { x, y, color } },
    ],
  };
}
