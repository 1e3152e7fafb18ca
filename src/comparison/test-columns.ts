import { AssayError } from '../errors.js';
import { cliques } from '../metrics/tests/cliques.js';
import { holm } from '../metrics/tests/holm.js';
import type { Better } from '../suites/results.js';
import { type Compared, type Difference, differenceOf } from './difference.js';
import { ranksOf } from './ranks.js';

/** How often chance alone may tell systems apart, anywhere in a table. */
export const LEVEL = 0.05;

/** A value of a column, with the rows that it was made from, or why there are none. */
export interface Side {
  value: number | null;
  of: Compared | { untested: string };
}

/** What the data say of two values of a column, by their positions. */
export interface TestedPair {
  i: number;
  j: number;
  n: number;
  difference: number | null;
  interval: [number, number] | null;
  /** Two-sided, of no difference; null where there is no test, and `note` says why. */
  p: number | null;
  /** By Holm over all tests of the table. */
  corrected: number | null;
  test: Difference['test'] | null;
  note?: string;
}

export interface TestedColumn {
  /** Null where nothing was tested. */
  test: Difference['test'] | null;
  pairs: TestedPair[];
  /** One for each value. `other` is worse than the best, or not tested. */
  standings: ('best' | 'indistinguishable' | 'other')[];
  /** Largest sets of which no two are told apart. */
  cliques: number[][];
}

/**
 * Tests every two values of each column of a table on the examples that they share, and corrects for all of these tests
 * together (Holm). What cannot be tested is told, and harms nothing else.
 * @param seed of the resamples
 */
export function testColumns(
  columns: readonly { better: Better; sides: readonly Side[] }[],
  seed: number,
): { tests: number; columns: TestedColumn[] } {
  const pairs = columns.map(({ sides }) =>
    sides.flatMap((a, i) => sides.slice(i + 1).map((b, k) => ({ i, j: i + 1 + k, ...testPair(a, b, seed) }))),
  );
  const tested = pairs.flat().filter(({ p }) => p !== null);
  const family = holm(tested.map(({ p }) => p ?? 1));
  const corrected = new Map(tested.map((pair, at) => [pair, family[at]]));
  return {
    tests: tested.length,
    columns: columns.map((column, c) => {
      const judged = pairs[c]!.map((pair) => ({ ...pair, corrected: corrected.get(pair) ?? null }));
      const test = judged.find((pair) => pair.p !== null)?.test ?? null;
      return { test, pairs: judged, ...standingsOf(column, judged) };
    }),
  };
}

type Untold = Omit<TestedPair, 'i' | 'j' | 'corrected'>;

function testPair({ of: a }: Side, { of: b }: Side, seed: number): Untold {
  const untested = (note: string): Untold => ({
    n: 0,
    difference: null,
    interval: null,
    p: null,
    test: null,
    note,
  });
  if ('untested' in a) return untested(a.untested);
  if ('untested' in b) return untested(b.untested);
  try {
    const { n, value, interval, p, test, note } = differenceOf(a, b, { seed });
    return { n, difference: value, interval, p, test, ...(note !== undefined && { note }) };
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    return untested(error.message);
  }
}

/** Which is best, which are not told from it, and which not from each other. */
function standingsOf(
  { better, sides }: { better: Better; sides: readonly Side[] },
  pairs: readonly TestedPair[],
): Pick<TestedColumn, 'standings' | 'cliques'> {
  const ranks = ranksOf(
    sides.map(({ value }) => value),
    better,
  );
  const undecided = new Set(
    pairs.filter(({ corrected }) => corrected !== null && corrected > LEVEL).map(({ i, j }) => `${i} ${j}`),
  );
  const joined = (i: number, j: number) => undecided.has(`${Math.min(i, j)} ${Math.max(i, j)}`);
  return {
    standings: ranks.map((rank, i) => {
      if (rank === 'best') return 'best';
      return ranks.some((other, j) => other === 'best' && joined(i, j)) ? 'indistinguishable' : 'other';
    }),
    cliques: cliques(sides.length, joined),
  };
}
