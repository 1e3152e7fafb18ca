import type { TopLevelSpec } from 'vega-lite';
import type { VegaLiteFigure } from '../../suites/results.js';
import { formatNumber } from '../format.js';
import type { Drawing, PlotData } from './drawing.js';
import type { Palette } from './palette.js';
import { PLOT_HEIGHT, PLOT_WIDTH } from './theme.js';

type Fields = Record<string, unknown>;

/**
 * A suite's own Vega-Lite specification, in the report's style: single views without a size get the usual one,
 * and a nominal colour without a scale gets the report's colours.
 */
export function drawFreeForm({ spec }: VegaLiteFigure, palette: Palette): Drawing {
  const single = 'mark' in spec || 'layer' in spec;
  const records = inlineRecords(spec);
  const data = records.length > 0 ? { data: { ...asFields(spec.data), values: records.map(withTip) } } : {};
  const sized = {
    ...(single && { width: PLOT_WIDTH, height: PLOT_HEIGHT, autosize: { type: 'fit', contains: 'padding' } }),
    ...coloured(spec, records, palette),
    ...data,
  };
  return { size: 'half', legend: [], data: dataOf(records), spec: asSpec(sized) };
}

// What a suite writes is Vega-Lite by contract; the compiler judges it and `renderSvg` reports what it says.
function asSpec(spec: Fields): TopLevelSpec {
  return spec as TopLevelSpec & Fields;
}

function coloured(spec: Fields, records: readonly Fields[], palette: Palette): Fields {
  const { encoding, layer } = spec;
  const color = isFields(encoding) ? encoding.color : undefined;
  const layers = Array.isArray(layer)
    ? { layer: layer.map((one: unknown) => (isFields(one) ? coloured(one, records, palette) : one)) }
    : {};
  if (!isFields(encoding) || !isFields(color) || color.scale || color.type !== 'nominal') {
    return { ...spec, ...layers };
  }
  const names = [...new Set(records.map((record) => record[String(color.field)]))].map(String);
  const scale = { domain: names, range: palette.colours(names) };
  return { ...spec, ...layers, encoding: { ...encoding, color: { ...color, scale } } };
}

function inlineRecords({ data }: Fields): Fields[] {
  const values = isFields(data) ? data.values : [];
  return Array.isArray(values) ? values.filter(isFields) : [];
}

/** What a record says where the reader points; the suite's own words win. */
function withTip(record: Fields): Fields {
  const said = Object.entries(record).map(([key, value]) => `${key}: ${cellOf(value)}`);
  return { tip: said.join(', '), ...record };
}

const asFields = (value: unknown): Fields => (isFields(value) ? value : {});

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function dataOf(records: readonly Fields[]): PlotData {
  const columns = [...new Set(records.flatMap((record) => Object.keys(record)))];
  return {
    columns,
    rows: records.slice(0, 200).map((record) => columns.map((name) => cellOf(record[name]))),
  };
}

const cellOf = (value: unknown) => (typeof value === 'number' ? formatNumber(value) : String(value ?? ''));
