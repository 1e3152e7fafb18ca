import type { Discrepancy } from '../comparison/conditions.js';
import { type Difference, differenceOf } from '../comparison/difference.js';
import type { Match } from '../comparison/match.js';
import { AssayError } from '../errors.js';
import { holm } from '../metrics/tests/holm.js';
import type { Measure } from '../suites/results.js';
import { flipsOf } from './flips.js';
import { type MeasureRead, rowsOfRun } from './paired-rows.js';
import type { ComparedMeasure, FlippedExample, PairedTest, Verdict } from './run-comparison.js';
import type { RunFolder } from './run-folder.js';
import { identityOf, type SidePair } from './sides.js';

/** Two measures that are compared, whose they are, and in what they differ all the same. */
export interface MatchInPair extends Match {
  pair: number;
  sides: SidePair;
  differing: readonly Discrepancy[];
}

/** What a test said of a measure. */
export type Outcome = Pick<ComparedMeasure, 'test' | 'verdict' | 'reasons'>;

export interface Tested {
  /** How many p values were corrected together. */
  tests: number;
  of: ReadonlyMap<MatchInPair, Outcome>;
  flips: (Omit<FlippedExample, 'row'> & { match: MatchInPair })[];
}

/** Coverage of intervals; what is left is the chance of any wrong verdict. */
export const LEVEL = 0.95;

/** What the same weights gave twice is no question that chance could answer wrongly: it does not count as a test. */
const SAME = 'no test: the same weights gave the same rows on both sides';

/**
 * Tests every match on the examples that both sides have, and corrects all p values together. Those of a model with itself whose
 * rows are the same are left out of the family: they would make all others look less certain. What only happens to be the same,
 * of other weights, stays in it: a family must not depend on what is found.
 * Errors: those of sheets; `results-edited` when rows do not give the value of their measure, unless tolerated.
 */
export async function testMatches(
  matches: readonly MatchInPair[],
  tolerated: { edited: boolean },
): Promise<Tested> {
  const read = await readAll(matches, tolerated);
  const pairs = matches.map((match) => {
    const [before, after] = [read.get(match.before.measure), read.get(match.after.measure)];
    const found = difference(match, before, after);
    const isSame = typeof found !== 'string' && found.unchanged && isOfOneModel(match);
    return { match, before, after, outcome: isSame ? SAME : found };
  });
  const tests = pairs.flatMap(({ match, outcome }) =>
    typeof outcome !== 'string' && outcome.p !== null ? [{ match, p: outcome.p }] : [],
  );
  const corrected = holm(tests.map(({ p }) => p));
  const of = new Map(
    pairs.map(({ match, outcome }): [MatchInPair, Outcome] => {
      const at = tests.findIndex((test) => test.match === match);
      return [match, judged(outcome, corrected[at]!, match.after.measure.better)];
    }),
  );
  const flips = pairs.flatMap(({ match, before, after, outcome }) =>
    before && after && hasDirection(match) && typeof outcome !== 'string' && outcome.test === 'mcnemar'
      ? flipsOf(before, after).map((flip) => ({ match, ...flip }))
      : [],
  );
  return { tests: tests.length, of, flips };
}

const isOfOneModel = ({ sides: { before, after } }: MatchInPair): boolean => {
  const identity = identityOf(before);
  return identity !== '' && identity === identityOf(after);
};

/** The rows of all measures, run by run: each sheet is read once. */
async function readAll(matches: readonly MatchInPair[], tolerated: { edited: boolean }) {
  const byRun = new Map<RunFolder, Measure[]>();
  for (const { before, after, sides } of matches)
    for (const [run, { measure }] of [
      [sides.before.run, before],
      [sides.after.run, after],
    ] as const)
      byRun.set(run, [...(byRun.get(run) ?? []), measure]);
  const read = new Map<Measure, MeasureRead>();
  for (const [run, measures] of byRun)
    for (const [measure, rows] of await rowsOfRun(run, measures, tolerated)) read.set(measure, rows);
  return read;
}

/** `after` minus `before`, or why there is no test. */
function difference(
  { before, after, differing }: MatchInPair,
  a: MeasureRead | undefined,
  b: MeasureRead | undefined,
): Difference | string {
  if (before.measure.value === null || after.measure.value === null)
    return [before, after].map(({ measure }) => measure.note).find((note) => note) ?? 'not defined';
  if (differing.some(({ condition }) => condition === 'data'))
    return 'no test: examples of other data cannot be paired';
  if (!before.measure.rows || !after.measure.rows)
    return 'no test: results.json does not say which rows it was made from';
  if (!a || !b) return `no test: a run folder lacks ${(a ? after : before).measure.rows?.sheet}`;
  try {
    return differenceOf(b, a, { level: LEVEL });
  } catch (error) {
    if (!(error instanceof AssayError) || error.code !== 'config-invalid') throw error;
    return `no test: ${error.message}`;
  }
}

function judged(outcome: Difference | string, corrected: number, better: Measure['better']): Outcome {
  if (typeof outcome === 'string') return { test: null, verdict: 'not tested', reasons: [outcome] };
  const { value, interval, p, n, test: name, onlyA, onlyB, note } = outcome;
  const left = onlyA + onlyB > 0 ? [`${onlyA + onlyB} examples that one side lacks are left out`] : [];
  if (value === null || p === null)
    return { test: null, verdict: 'not tested', reasons: [...(note ? [`no test: ${note}`] : []), ...left] };
  const test = { name, difference: value, interval, n, p, corrected };
  return { test, verdict: verdictOf(test, better), reasons: left };
}

/** Of a measure without a better direction nothing is gained or lost. */
const hasDirection = ({ after }: MatchInPair): boolean => after.measure.better !== 'none';

/** What a corrected test of a difference comes to. */
function verdictOf({ difference, corrected }: PairedTest, better: Measure['better']): Verdict {
  if (corrected > 1 - LEVEL) return 'no evidence';
  if (better === 'none') return 'different';
  return difference > 0 === (better === 'higher') ? 'better' : 'worse';
}
