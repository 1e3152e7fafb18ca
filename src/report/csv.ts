import { stringify } from 'csv-stringify/sync';
import type { Measure, Results } from '../suites/results.js';
import type { OutputFile } from './output.js';

/**
 * `measures.csv`: a row per measure at full precision, empty where results.json has null. Parameters have a
 * column each, `params.epsilon` and so on, in alphabetical order after the fixed columns.
 */
export async function renderCsv(results: Results): Promise<OutputFile[]> {
  const parameters = [...new Set(results.measures.flatMap((m) => Object.keys(m.params)))].sort();
  const columns = [...Object.keys(fixed), ...parameters.map((name) => `params.${name}`)];
  const rows = results.measures.map((measure) => [
    ...Object.values(fixed).map((cell) => cell(measure)),
    ...parameters.map((name) => text(measure.params[name])),
  ]);
  return [{ path: 'measures.csv', content: stringify([columns, ...rows]) }];
}

const fixed: Record<string, (measure: Measure) => string> = {
  suite: (m) => m.suite,
  measure: (m) => m.measure,
  title: (m) => m.title,
  model: (m) => m.model,
  dataset: (m) => m.dataset,
  value: (m) => text(m.value),
  n: (m) => text(m.n),
  lo: (m) => text(m.interval?.[0]),
  hi: (m) => text(m.interval?.[1]),
  level: (m) => text(m.level),
  method: (m) => m.method,
  better: (m) => m.better,
  format: (m) => m.format,
  headline: (m) => text(m.headline ?? false),
  note: (m) => m.note ?? '',
};

function text(value: string | number | boolean | null | undefined): string {
  return value === null || value === undefined ? '' : String(value);
}
