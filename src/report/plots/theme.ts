import type { Config } from 'vega-lite';
import { PALETTE_SIZE } from './palette.js';

/** Natural size of a half-width plot, in CSS pixels; SVGs scale with the page from there. */
export const PLOT_WIDTH = 440;
export const PLOT_HEIGHT = 290;
/** Natural width of a small multiple, three or four of which stand side by side. */
export const SMALL_WIDTH = 265;

export const INK = 'currentColor';
export const MUTED = 'var(--muted)';
export const GRID = 'var(--grid)';

/** Style of all plots. Colours are CSS variables, so that one SVG serves light, dark and print. */
export const theme: Config = {
  aria: false,
  background: 'transparent',
  font: 'sans-serif',
  padding: 4,
  view: { stroke: 'transparent' },
  axis: {
    labelColor: MUTED,
    titleColor: INK,
    labelFontSize: 11,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    titlePadding: 8,
    labelPadding: 4,
    gridColor: GRID,
    gridWidth: 1,
    domainColor: MUTED,
    tickColor: MUTED,
    tickSize: 4,
    labelLimit: 200,
    titleLimit: 420,
  },
  axisY: { domain: false, ticks: false },
  axisX: { grid: false },
  legend: { labelColor: INK, titleColor: INK, labelFontSize: 11, titleFontSize: 11, labelLimit: 420 },
  title: { color: INK, subtitleColor: MUTED, fontSize: 13, fontWeight: 600 },
  header: { labelColor: INK, titleColor: INK },
  text: { color: INK },
  rule: { color: MUTED },
  range: { category: Array.from({ length: PALETTE_SIZE }, (_, i) => `var(--c${i})`) },
};
