import { isDeepStrictEqual } from 'node:util';
import { AssayError } from '../errors.js';
import { deviationOf } from '../metrics/estimates/mean-variance.js';
import { delongTest, matchedTest } from '../metrics/ranking/area-difference.js';
import { placements } from '../metrics/ranking/delong.js';
import { rankingDifference } from '../metrics/ranking/ranking-difference.js';
import { clusteredPlacements, clustersOf } from '../metrics/tests/clusters.js';
import { pairedCounts, testedShares } from '../metrics/tests/paired-shares.js';
import { type TestedDifference, waldTest } from '../metrics/tests/wald.js';
import { aligned, columnsIn, type Group, type RowsOfMeasure } from './groups.js';
import type { MeasureWithRows } from './read-rows.js';
import {
  detectionReplicates,
  errorOf,
  rankingReplicates,
  replicates,
  twoSampleReplicates,
} from './replicates.js';
import {
  type Columns,
  columnsAgainst,
  columnsFor,
  type DetectionStatistic,
  type ExampleStatistic,
  type RankingStatistic,
  type Statistic,
  type TwoSampleStatistic,
} from './statistics/statistic.js';
import { foldedRows, statistics, valueOfFolded } from './statistics.js';

/** A measure with the rows that it was made from. */
export interface Compared {
  measure: MeasureWithRows;
  rows: RowsOfMeasure;
}

/** A - B of two measures on the examples that both have. */
export interface Difference {
  /** null where it is not defined: `note` says why. */
  value: number | null;
  interval: [number, number] | null;
  level: number;
  /** Examples that both have, those of OOD sets too. */
  n: number;
  /** Two-sided, of no difference; null where there is no test. */
  p: number | null;
  test: 'mcnemar' | 'delong' | 'paired-bootstrap';
  /**
   * How the interval was made: `newcombe` of shares, `delong-hybrid` and `bootstrap-hybrid` from both sides' intervals,
   * `paired-bootstrap` from the standard error of paired resamples. It leaves 0 out where p is less than 1 - level, and there alone.
   */
  method: 'newcombe' | 'delong-hybrid' | 'bootstrap-hybrid' | 'paired-bootstrap' | 'none';
  /** McNemar's exact p, beside the mid-p that `p` is. */
  exact?: number;
  /** Both values on these examples. */
  a: number | null;
  b: number | null;
  /** Examples that only one of them has. */
  onlyA: number;
  onlyB: number;
  /** Both are made in the same way from the same numbers of the same examples. */
  unchanged: boolean;
  note?: string;
}

/**
 * The difference of two measures of the same statistic, paired by example: McNemar's test (mid-p) of shares, one on DeLong's
 * variances of AUROC (area-difference.ts), one on resamples of other metrics of rankings (ranking-difference.ts), and of all others the
 * bootstrap's standard error with Student's t. Of each, p is less than 1 - level where the interval leaves 0 out, and there alone.
 * Whether both are of the same images is the caller's to check: rows are told apart by their index alone.
 * @param options.seed of the resamples; any number, but the same for numbers that are to be the same
 * Errors: `config-invalid` for two statistics, or one with other options; `data-invalid` as `aligned`.
 */
export function differenceOf(
  a: Compared,
  b: Compared,
  { seed = 0, level = 0.95 }: { seed?: number; level?: number } = {},
): Difference {
  const statistic = statistics.named(a.measure.rows.statistic);
  refuseUnlike(a, b, statistic);
  const rows = [a, b].map((one) => foldedRows(statistic, one.rows));
  const [ofA, ofB] = alignedRows(rows[0]!, rows[1]!);
  const n = sizeOf(ofA);
  const counts = { n, onlyA: sizeOf(rows[0]!) - n, onlyB: sizeOf(rows[1]!) - n };
  const undefinedHere = (note: string): Difference => ({
    ...counts,
    value: null,
    interval: null,
    level,
    p: null,
    test: statistic.test,
    method: 'none',
    a: null,
    b: null,
    unchanged: false,
    note,
  });
  if ([ofA.examples, ...ofA.against].some(({ indices }) => indices.length === 0))
    return undefinedHere('they share no examples');
  const [valueA, valueB] = [valueOfFolded(a.measure, ofA), valueOfFolded(b.measure, ofB)];
  const value = valueA - valueB;
  if (!Number.isFinite(value)) return undefinedHere('not defined on the examples that they share');
  const pair = { a, b, ofA, ofB, seed, level, value };
  const unchanged = isUnchanged(pair);
  const tested = statistic.kind === 'examples' ? ofExamples(statistic, pair) : ofSets(statistic, pair);
  return {
    ...counts,
    ...tested,
    // No test resamples what does not vary: what has not changed differs by nothing.
    interval: tested.interval ?? (unchanged ? [0, 0] : null),
    value,
    level,
    test: statistic.test,
    a: valueA,
    b: valueB,
    unchanged,
    ...(tested.p === null && {
      note: 'fewer than two examples, not defined on all resamples, or one of the two varies in none of them',
    }),
  };
}

interface Pair {
  a: Compared;
  b: Compared;
  ofA: RowsOfMeasure;
  ofB: RowsOfMeasure;
  seed: number;
  level: number;
  value: number;
}

type Tested = Omit<TestedDifference, 'value'> & { exact?: number; method: Difference['method'] };

const outcomeOf = ({ examples }: RowsOfMeasure) => columnsIn(examples, ['outcome']).outcome;

function ofExamples(statistic: ExampleStatistic, { a, b, ofA, ofB, seed, level, value }: Pair): Tested {
  if (statistic.test === 'mcnemar') {
    const { value: _, ...tested } = testedShares(pairedCounts(outcomeOf(ofA), outcomeOf(ofB)), level);
    return { ...tested, method: 'newcombe' };
  }
  const drawnA = replicates(ofA.examples, statistic, a.measure.rows.options ?? {}, seed);
  const drawnB = replicates(ofB.examples, statistic, b.measure.rows.options ?? {}, seed);
  return ofResamples(value, [drawnA, drawnB], { n: ofA.examples.indices.length, level });
}

function ofSets(
  statistic: RankingStatistic | DetectionStatistic | TwoSampleStatistic,
  { a, b, ofA, ofB, seed, level, value }: Pair,
): Tested {
  if (statistic.test === 'delong') {
    const placed =
      statistic.kind === 'detection'
        ? statistic.placed
        : (id: Columns, ood: Columns) => placements(id.score, ood.score);
    const of = ({ examples, against }: RowsOfMeasure) =>
      against.map((ood) => {
        const one = placed(columnsFor(statistic, examples), columnsAgainst(statistic, ood));
        return examples.together ? clusteredPlacements(one, clustersOf(examples.together)) : one;
      });
    const isMatched = statistic.kind === 'ranking' && statistic.matched;
    return { ...(isMatched ? matchedTest : delongTest)(of(ofA), of(ofB), level), method: 'delong-hybrid' };
  }
  if (statistic.kind === 'ranking') {
    const [drawnA, drawnB] = [rankingReplicates(ofA, seed), rankingReplicates(ofB, seed)];
    return { ...rankingDifference(drawnA, drawnB, statistic.metric, level), method: 'bootstrap-hybrid' };
  }
  const of = (rows: RowsOfMeasure, { measure }: Compared) => {
    if (statistic.kind === 'two-sample') return twoSampleReplicates(rows, statistic, seed);
    return detectionReplicates(rows, statistic, measure.rows.options ?? {}, seed);
  };
  const [drawnA, drawnB] = [of(ofA, a), of(ofB, b)];
  // Of scores that do not overlap nothing varies, which is no knowledge of what others would do.
  if (
    statistic.kind === 'detection' &&
    value !== 0 &&
    [drawnA, drawnB].some((drawn) => deviationOf(drawn) === 0)
  )
    return { interval: null, p: null, method: 'none' };
  const smallest = Math.min(...[ofA.examples, ...ofA.against].map(({ indices }) => indices.length));
  return ofResamples(value, [drawnA, drawnB], { n: smallest, level });
}

/**
 * By the standard error of paired resamples. Where the difference is the same in all of them, as of medians amid equal numbers, p is no
 * smaller than so many can tell (Phipson & Smyth 2010).
 */
function ofResamples(
  value: number,
  [drawnA, drawnB]: readonly [Float64Array, Float64Array],
  { n, level }: { n: number; level: number },
): Tested {
  const { interval, p } = waldTest(value, errorOf(drawnA, drawnB), n, { level, by: 'student-t' });
  const isUnmoved = interval === null && p !== null;
  return {
    interval,
    p: isUnmoved ? Math.max(p, 2 / (drawnA.length + 1)) : p,
    method: 'paired-bootstrap',
  };
}

/**
 * Whether two measures are made in the same way from the same numbers of the same examples. Scores, of which the order counts, are the
 * same as float32: sheets write them with the digits that name one, or with more.
 */
const isUnchanged = ({ a, b, ofA, ofB, value }: Pair): boolean =>
  value === 0 &&
  isDeepStrictEqual(
    [[ofA.examples, ...ofA.against].map(withFloat32Scores), a.measure.rows.options],
    [[ofB.examples, ...ofB.against].map(withFloat32Scores), b.measure.rows.options],
  );

const withFloat32Scores = ({ columns, ...group }: Group) => ({
  ...group,
  columns: { ...columns, ...(columns.score && { score: Float32Array.from(columns.score) }) },
});

const sizeOf = ({ examples, against }: RowsOfMeasure) =>
  [examples, ...against].reduce((sum, { indices }) => sum + indices.length, 0);

/** Both on the examples that they share; as they are where these are the same, so that what was resampled is known. */
function alignedRows(a: RowsOfMeasure, b: RowsOfMeasure): [RowsOfMeasure, RowsOfMeasure] {
  const [examplesA, examplesB] = aligned(a.examples, b.examples);
  const against = a.against.map((ood, s) => aligned(ood, b.against[s]!));
  if (examplesA === a.examples && against.every(([ood], s) => ood === a.against[s])) return [a, b];
  return [
    { examples: examplesA, against: against.map(([ood]) => ood) },
    { examples: examplesB, against: against.map(([, ood]) => ood) },
  ];
}

function refuseUnlike(a: Compared, b: Compared, statistic: Statistic): void {
  const about = ({ measure: { model, rows } }: Compared) => ({
    statistic: rows.statistic,
    options: 'options' in statistic ? (statistic.options ?? []).map((name) => rows.options?.[name]) : [],
    // What selects the rows of each OOD set, but for the system.
    sets: (rows.against ?? []).map(({ where }) =>
      Object.entries(where).filter(([, value]) => value !== model),
    ),
  });
  const [ofA, ofB] = [a, b].map((one) => JSON.stringify(about(one)));
  if (ofA === ofB) return;
  throw new AssayError('config-invalid', 'two measures are not the same number of other rows', {
    path: `${a.measure.measure} of "${a.measure.model}" and ${b.measure.measure} of "${b.measure.model}"`,
    expected: ofA,
    found: ofB,
    hint: 'compare measures of one name, with the same parameters and OOD sets',
  });
}
