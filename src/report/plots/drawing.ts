import type { TopLevelSpec } from 'vega-lite';

/** A series in the legend, which is HTML: it wraps, and long names are never cut. */
export interface LegendEntry {
  name: string;
  /** CSS colour. */
  colour: string;
  /** A patch of colour; else a piece of line. */
  area: boolean;
  /** SVG's `stroke-dasharray`; empty for a solid line. */
  dash: string;
  /** `●`, `■`, ...: the mark of a point; empty when points are not drawn. */
  symbol: string;
}

/** The numbers behind a plot, shown as a table for those who cannot or would rather not see it. */
export interface PlotData {
  columns: string[];
  rows: string[][];
}

/** What a figure is drawn from. Data with a field `tip` says it where the reader points. */
export interface Drawing {
  spec: TopLevelSpec;
  legend: LegendEntry[];
  data: PlotData;
  /** How much of the text's width it asks for on a wide window. */
  size: 'third' | 'half' | 'full';
}

/** A legend of filled areas. */
export function areaLegend(names: readonly string[], colours: readonly string[]): LegendEntry[] {
  return names.map((name, i) => ({ name, colour: colours[i]!, area: true, dash: '', symbol: '' }));
}
