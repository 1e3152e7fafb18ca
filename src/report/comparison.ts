import { columnKey, headlineColumns } from '../comparison/columns.js';
import { type Rank, ranksOf } from '../comparison/ranks.js';
import type { Better, ColumnComparison, Measure, Results } from '../suites/results.js';

export interface ComparisonColumn {
  key: string;
  suite: string;
  title: string;
  /** Named when the table mixes data sets, else empty. */
  dataset: string;
  better: Better;
  format: Measure['format'];
  /** Every two systems of it, where they were tested. */
  tested?: ColumnComparison;
}

export interface ComparisonCell {
  /** Absent when this system has no such measure. */
  measure?: Measure;
  standing: Rank;
  /** The data do not tell it from the best. */
  dagger: boolean;
}

/** One row per system, one column per headline measure: the table a paper prints. */
export interface Comparison {
  columns: ComparisonColumn[];
  rows: { system: string; cells: ComparisonCell[] }[];
}

/** What stands behind a value that the data do not tell from the best. */
export const DAGGER = '†';

/** The headline measures as a comparison; columns in the order of the suites, systems in that of the run file. */
export function compareHeadlines(results: Results): Comparison {
  const headline = headlineColumns(results);
  const datasets = new Set(headline.map(({ dataset }) => dataset));
  const tests = new Map(results.comparisons?.columns.map((column) => [columnKey(column), column]));
  const columns = headline.map((column): ComparisonColumn => {
    const { suite, title, dataset, better, format } = column;
    const tested = tests.get(columnKey(column));
    return {
      key: columnKey(column),
      suite,
      title,
      dataset: datasets.size > 1 ? dataset : '',
      better,
      format,
      ...(tested && { tested }),
    };
  });
  const cells = headline.map(({ measures, better }, c) => {
    const ranks = ranksOf(
      measures.map(({ value }) => value),
      better,
    );
    return new Map(
      measures.map((measure, i) => [
        measure.model,
        { measure, standing: ranks[i]!, dagger: isUndecided(columns[c]!, measure.model) },
      ]),
    );
  });
  const models = headline.flatMap(({ measures }) => measures.map(({ model }) => model));
  const names = [...new Set([...results.systems.map(({ name }) => name), ...models])];
  const rows = names.map((system) => ({
    system,
    cells: cells.map(
      (byModel): ComparisonCell => byModel.get(system) ?? { standing: 'other', dagger: false },
    ),
  }));
  return { columns, rows };
}

const isUndecided = ({ tested }: ComparisonColumn, model: string) =>
  tested?.standings.some((one) => one.model === model && one.standing === 'indistinguishable') ?? false;

const TESTS: Readonly<Record<NonNullable<ColumnComparison['test']>, string>> = {
  mcnemar: 'McNemar’s test (mid-p)',
  delong: 'a test on DeLong’s variances',
  'paired-bootstrap': 'the paired bootstrap',
};

/** What a dagger says: by which tests, of how many, at which level. Undefined where nothing was tested. */
export function daggerMeaning(
  comparisons:
    | { level: number; tests: number; columns: readonly Pick<ColumnComparison, 'test'>[] }
    | undefined,
): string | undefined {
  const used = new Set(comparisons?.columns.map(({ test }) => test));
  const tests = Object.entries(TESTS).flatMap(([test, name]) =>
    used.has(test as keyof typeof TESTS) ? [name] : [],
  );
  if (!comparisons || tests.length === 0) return undefined;
  const by = tests.length === 1 ? tests[0] : `${tests.slice(0, -1).join(', ')} and ${tests.at(-1)}`;
  const family = comparisons.tests === 1 ? '' : `, Holm over ${comparisons.tests} tests`;
  return `not distinguishable from the best at ${100 * comparisons.level} % on the same examples (${by}${family})`;
}

/** What the daggers of a comparison say; undefined where it has none. */
export const legendOf = ({ rows }: Comparison, comparisons: Results['comparisons']): string | undefined =>
  rows.some(({ cells }) => cells.some(({ dagger }) => dagger)) ? daggerMeaning(comparisons) : undefined;

/** Of columns: that they were not tested, and why; or what else is to be known of their tests. The same is said once. */
export function testNotes({ columns }: Comparison): string[] {
  const titles = new Map<string, string[]>();
  for (const { title, tested } of columns)
    if (tested?.note) titles.set(tested.note, [...(titles.get(tested.note) ?? []), title]);
  return [...titles].map(([note, of]) => (of.length === columns.length ? note : `${of.join(', ')}: ${note}`));
}
