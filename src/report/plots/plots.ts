import type { Figure } from '../../suites/results.js';
import { drawBars } from './bars.js';
import type { Drawing } from './drawing.js';
import { drawFreeForm } from './free-form.js';
import { drawHeatmap } from './heatmap.js';
import { drawHistogram } from './histogram.js';
import { drawLines } from './lines.js';
import type { Palette } from './palette.js';
import { drawReliability } from './reliability.js';

/** Figures that are drawn; image grids are HTML. */
export type Plotted = Exclude<Figure, { kind: 'images' }>;
type Kind = Plotted['kind'];
type FigureOf = { [K in Kind]: Extract<Plotted, { kind: K }> };

/** How each kind of figure is drawn. */
const plots: { [K in Kind]: (figure: FigureOf[K], palette: Palette) => Drawing } = {
  lines: drawLines,
  histogram: drawHistogram,
  reliability: drawReliability,
  bars: drawBars,
  heatmap: drawHeatmap,
  'vega-lite': drawFreeForm,
};

/** The specification, legend and numbers of a figure. */
export function draw(figure: Plotted, palette: Palette): Drawing {
  return dispatch(figure.kind, figure, palette);
}

function dispatch<K extends Kind>(kind: K, figure: FigureOf[K], palette: Palette): Drawing {
  return plots[kind](figure, palette);
}
