import { AssayError } from '../errors.js';
import type { Comparisons, Measure, Results } from '../suites/results.js';
import { type HeadlineColumn, headlineColumns } from './columns.js';
import { ranksOf } from './ranks.js';
import { hasRows, readRows } from './read-rows.js';
import type { Sheets } from './sheets.js';
import { LEVEL, type Side, testColumns } from './test-columns.js';

/**
 * Tests every two systems of a run on every headline measure.
 * @param step told how many columns are read
 */
export async function compareSystems(
  results: Pick<Results, 'measures' | 'suites' | 'systems' | 'seed'>,
  sheets: Sheets,
  step?: (title: string, done: number, of: number) => void,
): Promise<Comparisons> {
  const columns = headlineColumns(results).filter(
    ({ better, measures }) => better !== 'none' && measures.length > 1,
  );
  const read: (HeadlineColumn & { sides: Side[] })[] = [];
  for (const [done, column] of columns.entries()) {
    step?.(column.title, done, columns.length);
    read.push({ ...column, sides: await sidesOf(column.measures, sheets) });
  }
  const tested = testColumns(read, results.seed);
  return {
    version: 1,
    level: LEVEL,
    correction: 'holm',
    tests: tested.tests,
    columns: read.map(({ measures, sides, ...column }, c) => {
      const { test, pairs, standings, cliques } = tested.columns[c]!;
      const note = test === null ? untested(sides) : drawn(measures, results.systems);
      const ranks = ranksOf(
        measures.map(({ value }) => value),
        column.better,
      );
      const models = measures.map(({ model }) => model);
      return {
        ...column,
        test,
        ...(note !== undefined && { note }),
        pairs: pairs
          .filter(({ i, j }) => measures[i]!.value !== null && measures[j]!.value !== null)
          .map(({ i, j, test: _, ...pair }) => ({ a: models[i]!, b: models[j]!, ...pair })),
        standings: models.map((model, i) => ({
          model,
          standing: standings[i]!,
          second: ranks[i] === 'second',
        })),
        cliques: cliques.map((members) => members.map((i) => models[i]!)),
      };
    }),
  };
}

/** The rows of the measures of a column; of none where one names rows that are not there. */
async function sidesOf(measures: readonly Measure[], sheets: Sheets): Promise<Side[]> {
  const side = (measure: Measure, untold: string): Side => ({
    value: measure.value,
    of: { untested: measure.value === null ? 'it has no value' : untold },
  });
  try {
    const read = await readRows(sheets, measures.filter(hasRows));
    return measures.map((measure) => {
      const rows = read.get(measure);
      return hasRows(measure) && rows
        ? { value: measure.value, of: { measure, rows } }
        : side(measure, 'the measure does not say which rows it was made from');
    });
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    return measures.map((measure) => side(measure, error.message));
  }
}

function untested(sides: readonly Side[]): string {
  const reasons = sides.flatMap(({ value, of }) => (value !== null && 'untested' in of ? [of.untested] : []));
  return `not tested, since ${reasons[0] ?? 'no two systems have a value on the same examples'}`;
}

/** Said of systems whose answers are draws. */
function drawn(measures: readonly Measure[], systems: Results['systems']): string | undefined {
  const random = measures
    .filter(({ model, value }) => value !== null && systems.some((s) => s.name === model && s.stochastic))
    .map(({ model }) => model);
  if (random.length === 0) return undefined;
  return `${random.join(', ')} ${random.length === 1 ? 'answers' : 'answer'} at random: tests tell what other examples would give, not what other draws would`;
}
