import { AssayError } from '../errors.js';
import { cliques } from '../metrics/cliques.js';
import { holm } from '../metrics/holm.js';
import type { ColumnComparison, Comparisons, Measure, Results } from '../suites/results.js';
import { type HeadlineColumn, headlineColumns } from './columns.js';
import { type Compared, type Difference, differenceOf } from './difference.js';
import { ranksOf } from './ranks.js';
import { hasRows, readRows } from './read-rows.js';
import type { Sheets } from './sheets.js';

/** How often chance alone may tell systems apart, anywhere in a table. */
const LEVEL = 0.05;

type Pair = ColumnComparison['pairs'][number];
interface ColumnTests extends HeadlineColumn {
  test: Difference['test'] | null;
  note?: string;
  pairs: Omit<Pair, 'corrected'>[];
}

/**
 * Tests every two systems of a run on every headline measure, on the examples that they share, and corrects for all of
 * these tests together. What cannot be tested is told, and harms nothing else.
 * @param step told how many columns are done
 */
export async function compareSystems(
  results: Pick<Results, 'measures' | 'suites' | 'systems' | 'seed'>,
  sheets: Sheets,
  step?: (title: string, done: number, of: number) => void,
): Promise<Comparisons> {
  const columns = headlineColumns(results).filter(
    ({ better, measures }) => better !== 'none' && measures.length > 1,
  );
  const tested: ColumnTests[] = [];
  for (const [done, column] of columns.entries()) {
    step?.(column.title, done, columns.length);
    tested.push(await testColumn(column, sheets, results));
  }
  const all = tested.flatMap(({ pairs }) => pairs).filter((pair) => pair.p !== null);
  const family = holm(all.map(({ p }) => p ?? 1));
  const corrected = new Map(all.map((pair, i) => [pair, family[i]]));
  return {
    version: 1,
    level: LEVEL,
    correction: 'holm',
    tests: all.length,
    columns: tested.map(({ measures, pairs, ...column }) => {
      const judged = pairs.map((pair) => ({ ...pair, corrected: corrected.get(pair) ?? null }));
      return { ...column, pairs: judged, ...standingsOf(measures, column.better, judged) };
    }),
  };
}

async function testColumn(
  column: HeadlineColumn,
  sheets: Sheets,
  { systems, seed }: Pick<Results, 'systems' | 'seed'>,
): Promise<ColumnTests> {
  const defined = column.measures.filter(({ value }) => value !== null);
  const sampled = defined.filter(({ model }) =>
    systems.some(({ name, stochastic }) => name === model && stochastic),
  );
  try {
    const found = await readRows(sheets, defined.filter(hasRows));
    const compared = defined.map((measure) => {
      const rows = found.get(measure);
      return { model: measure.model, of: hasRows(measure) && rows ? { measure, rows } : undefined };
    });
    const pairs = compared.flatMap((a, i) => compared.slice(i + 1).map((b) => pairOf(a, b, seed)));
    const first = defined.find(hasRows);
    const test = pairs.find(({ test: kind }) => kind !== null)?.test ?? null;
    const note = !first
      ? 'not tested, since the measure does not say which rows it was made from'
      : sampled.length > 0
        ? `${sampled.map(({ model }) => model).join(', ')} answers at random: tests tell what other examples would give, not what other draws would`
        : undefined;
    return {
      ...column,
      test,
      ...(note !== undefined && { note }),
      pairs: pairs.map(({ test: _, ...pair }) => pair),
    };
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    return { ...column, test: null, note: `not tested, since ${error.message}`, pairs: [] };
  }
}

interface Side {
  model: string;
  of: Compared | undefined;
}

function pairOf(
  a: Side,
  b: Side,
  seed: number,
): Omit<Pair, 'corrected'> & { test: Difference['test'] | null } {
  const names = { a: a.model, b: b.model };
  if (!a.of || !b.of)
    return {
      ...names,
      n: 0,
      difference: null,
      interval: null,
      p: null,
      test: null,
      note: 'no rows to compare',
    };
  const { n, value, interval, p, test, note } = differenceOf(a.of, b.of, { seed });
  return { ...names, n, difference: value, interval, p, test, ...(note !== undefined && { note }) };
}

/** Who is best, who is not told apart from it, and who from whom. */
function standingsOf(
  measures: readonly Measure[],
  better: Measure['better'],
  pairs: readonly Pair[],
): Pick<ColumnComparison, 'standings' | 'cliques'> {
  const models = measures.map(({ model }) => model);
  const ranks = ranksOf(
    measures.map(({ value }) => value),
    better,
  );
  const joined = (i: number, j: number) =>
    pairs.some(
      ({ a, b, corrected }) =>
        corrected !== null &&
        corrected > LEVEL &&
        ((a === models[i] && b === models[j]) || (a === models[j] && b === models[i])),
    );
  const standing = (i: number) => {
    if (ranks[i] === 'best') return 'best';
    return ranks.some((rank, j) => rank === 'best' && joined(i, j)) ? 'indistinguishable' : 'other';
  };
  return {
    standings: models.map((model, i) => ({ model, standing: standing(i), second: ranks[i] === 'second' })),
    cliques: cliques(models.length, joined).map((members) => members.map((i) => models[i])),
  };
}
