import type { HistogramFigure } from '../../suites/results.js';
import { formatNumber } from '../format.js';
import { axisTitle } from './axes.js';
import type { Drawing } from './drawing.js';
import type { Palette } from './palette.js';
import { SMALL_WIDTH } from './theme.js';

/** Overlaid histograms as translucent steps with a firm outline. */
export function drawHistogram(figure: HistogramFigure, palette: Palette): Drawing {
  const { edges } = figure;
  const names = figure.series.map((s) => s.name);
  const colours = palette.colours(names);
  const values = figure.series.flatMap(({ counts }, series) =>
    // The last edge repeats the last bin, which closes its step.
    edges.map((x, i) => ({ x, y: counts[Math.min(i, counts.length - 1)] ?? 0, series })),
  );
  const indices = names.map((_, i) => i);
  const x = {
    field: 'x',
    type: 'quantitative' as const,
    title: axisTitle(figure.xLabel, SMALL_WIDTH - 60),
    scale: { domain: [edges[0], edges[edges.length - 1]], nice: false, zero: false },
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
    scale: { domain: indices, range: colours },
  };
  return {
    size: 'third',
    legend: names.map((name, i) => ({ name, colour: colours[i], shape: 'area', symbol: '' })),
    data: {
      columns: [figure.xLabel, ...names],
      rows: edges
        .slice(0, -1)
        .map((lo, i) => [
          `${formatNumber(lo)} to ${formatNumber(edges[i + 1])}`,
          ...figure.series.map(({ counts }) => `${(100 * (counts[i] ?? 0)).toFixed(1)}%`),
        ]),
    },
    spec: {
      width: SMALL_WIDTH,
      height: 0.75 * SMALL_WIDTH,
      autosize: { type: 'fit', contains: 'padding' },
      data: { values },
      layer: [
        { mark: { type: 'area', interpolate: 'step-after', opacity: 0.2 }, encoding: { x, y, color } },
        { mark: { type: 'line', interpolate: 'step-after', strokeWidth: 1.5 }, encoding: { x, y, color } },
      ],
    },
  };
}
