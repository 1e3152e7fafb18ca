import { stringify } from 'csv-stringify/sync';
import { columnKey, headlineColumns } from '../comparison/columns.js';
import { cast } from '../csv-cell.js';
import type { OutputFile } from '../suites/renderer.js';
import type { Measure, Results } from '../suites/results.js';

/**
 * `measures.csv`: a row per measure at full precision, empty where results.json has null. Parameters have a
 * column each, `params.epsilon` and so on, in alphabetical order after the fixed columns.
 */
export async function renderCsv(results: Results): Promise<OutputFile[]> {
  const parameters = [...new Set(results.measures.flatMap((m) => Object.keys(m.params)))].sort();
  const standings = standingsOf(results);
  const columns = [...Object.keys(fixed), 'standing', ...parameters.map((name) => `params.${name}`)];
  const rows = results.measures.map((measure) => [
    ...Object.values(fixed).map((cell) => cell(measure)),
    standings.get(measure),
    ...parameters.map((name) => measure.params[name]),
  ]);
  return [{ path: 'measures.csv', content: stringify([columns, ...rows], { cast }) }];
}

/** Of headline measures: the best of their column, the second best, not told apart from the best, or none of these. */
function standingsOf(results: Results): Map<Measure, string> {
  const cells = new Map<Measure, string>();
  for (const { measures, ...column } of headlineColumns(results)) {
    const tested = results.comparisons?.columns.find((one) => columnKey(one) === columnKey(column));
    for (const measure of measures) {
      const own = tested?.standings.find(({ model }) => model === measure.model);
      if (!own) continue;
      const marks = [own.second && 'second', own.standing !== 'other' && own.standing].filter(Boolean);
      cells.set(measure, marks.join(' ') || 'other');
    }
  }
  return cells;
}

type Value = string | number | boolean | null | undefined;

const fixed: Record<string, (measure: Measure) => Value> = {
  suite: (m) => m.suite,
  measure: (m) => m.measure,
  title: (m) => m.title,
  model: (m) => m.model,
  dataset: (m) => m.dataset,
  value: (m) => m.value,
  n: (m) => m.n,
  lo: (m) => m.interval?.[0],
  hi: (m) => m.interval?.[1],
  level: (m) => m.level,
  method: (m) => m.method,
  better: (m) => m.better,
  format: (m) => m.format,
  headline: (m) => m.headline ?? false,
  note: (m) => m.note,
};
