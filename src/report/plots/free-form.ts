import type { TopLevelSpec } from 'vega-lite';
import type { VegaLiteFigure } from '../../suites/results.js';
import { formatNumber } from '../format.js';
import type { Drawing, PlotData } from './drawing.js';
import { PLOT_HEIGHT, PLOT_WIDTH } from './theme.js';

/** A suite's own Vega-Lite specification, in the report's style; single views without a size get the usual one. */
export function drawFreeForm(figure: VegaLiteFigure): Drawing {
  const { spec } = figure;
  const single = 'mark' in spec || 'layer' in spec;
  const sized = {
    ...(single && { width: PLOT_WIDTH, height: PLOT_HEIGHT, autosize: { type: 'fit', contains: 'padding' } }),
    ...spec,
  };
  return { size: 'half', legend: [], data: inlineData(spec), spec: asSpec(sized) };
}

// What a suite writes is Vega-Lite by contract; the compiler judges it and `renderSvg` reports what it says.
function asSpec(spec: Record<string, unknown>): TopLevelSpec {
  return spec as TopLevelSpec & Record<string, unknown>;
}

function inlineData({ data }: Record<string, unknown>): PlotData {
  const values: unknown = typeof data === 'object' && data !== null && 'values' in data ? data.values : [];
  const records = Array.isArray(values) ? values.filter((v) => typeof v === 'object' && v !== null) : [];
  const columns = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const cell = (value: unknown) => (typeof value === 'number' ? formatNumber(value) : String(value ?? ''));
  return { columns, rows: records.slice(0, 200).map((record) => columns.map((name) => cell(record[name]))) };
}
