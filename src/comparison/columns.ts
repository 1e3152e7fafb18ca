import type { Measure, Results } from '../suites/results.js';

/** A headline measure with the value of each system that has it. */
export interface HeadlineColumn extends Pick<Measure, ColumnField> {
  measures: Measure[];
}

/** What two values have in common that stand in one column. */
type ColumnField = 'suite' | 'measure' | 'title' | 'dataset' | 'params' | 'better' | 'format';

/** The columns of the headline table, in the order of the suites. */
export function headlineColumns({
  measures,
  suites,
}: Pick<Results, 'measures' | 'suites'>): HeadlineColumn[] {
  const order = suites.map(({ suite }) => suite);
  const columns = new Map<string, HeadlineColumn>();
  for (const measure of measures.filter(({ headline }) => headline)) {
    const key = columnKey(measure);
    const { suite, measure: name, title, dataset, params, better, format } = measure;
    const column = columns.get(key) ?? {
      ...{ suite, measure: name, title, dataset, params, better, format },
      measures: [],
    };
    column.measures.push(measure);
    columns.set(key, column);
  }
  return [...columns.values()].sort((a, b) => order.indexOf(a.suite) - order.indexOf(b.suite));
}

/** The same for everything that stands in one column. */
export function columnKey(of: Pick<Measure, Exclude<ColumnField, 'better' | 'format'>>): string {
  const params = Object.entries(of.params).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([of.suite, of.measure, of.title, of.dataset, params]);
}
