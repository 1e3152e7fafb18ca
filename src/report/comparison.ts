import type { Better, Measure, Results } from '../suites/results.js';

/** How a value compares with the others of its column. */
export type Standing = 'best' | 'tied' | 'other';

export interface ComparisonColumn {
  key: string;
  suite: string;
  title: string;
  /** Named when the table mixes data sets, else empty. */
  dataset: string;
  better: Better;
  format: Measure['format'];
}

export interface ComparisonCell {
  /** Absent when this system has no such measure. */
  measure?: Measure;
  standing: Standing;
}

/** One row per system, one column per headline measure: the table a paper prints. */
export interface Comparison {
  columns: ComparisonColumn[];
  rows: { system: string; cells: ComparisonCell[] }[];
}

/** The headline measures as a comparison; columns in the order of the suites, systems in that of the run file. */
export function compareHeadlines(results: Results): Comparison {
  const measures = results.measures.filter((m) => m.headline);
  const groups = new Map<string, Measure[]>();
  const suiteOrder = results.suites.map((s) => s.suite);
  const ordered = [...measures].sort((a, b) => suiteOrder.indexOf(a.suite) - suiteOrder.indexOf(b.suite));
  for (const measure of ordered) {
    const key = columnKey(measure);
    groups.set(key, [...(groups.get(key) ?? []), measure]);
  }
  const datasets = new Set(measures.map((m) => m.dataset));
  const columns = [...groups].map(([key, [first]]) => ({
    key,
    suite: first.suite,
    title: first.title,
    dataset: datasets.size > 1 ? first.dataset : '',
    better: first.better,
    format: first.format,
  }));
  const names = [...new Set([...results.systems.map((s) => s.name), ...measures.map((m) => m.model)])];
  const standings = columns.map((column) => {
    const group = groups.get(column.key) ?? [];
    const marks = standing(group, column.better);
    return new Map(group.map((measure, i) => [measure.model, { measure, standing: marks[i] }]));
  });
  const rows = names.map((system) => ({
    system,
    cells: standings.map((byModel): ComparisonCell => byModel.get(system) ?? { standing: 'other' }),
  }));
  return { columns, rows };
}

interface Value {
  value: number | null;
  interval?: readonly [number, number] | null;
}

/**
 * Marks the best of the values, equal ones alike, and as tied those whose interval overlaps the best one's. Overlap means
 * that these data do not separate the two; it is not a test of equality. Nothing is marked when fewer than two
 * values can be compared or neither direction is better.
 */
export function standing(values: readonly Value[], better: Better): Standing[] {
  const finite = values.map((v) => v.value).filter((v): v is number => v !== null && Number.isFinite(v));
  if (better === 'none' || finite.length < 2) return values.map(() => 'other');
  const top = better === 'higher' ? Math.max(...finite) : Math.min(...finite);
  if (finite.every((v) => v === top)) return values.map(() => 'other');
  const bounds = values.find((v) => v.value === top)?.interval;
  return values.map(({ value, interval }) => {
    if (value === top) return 'best';
    if (value === null || !Number.isFinite(value) || !bounds || !interval) return 'other';
    return interval[0] <= bounds[1] && bounds[0] <= interval[1] ? 'tied' : 'other';
  });
}

function columnKey(measure: Measure): string {
  const params = Object.entries(measure.params).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([measure.suite, measure.measure, measure.title, measure.dataset, params]);
}
