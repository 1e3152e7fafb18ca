import { resample } from '../metrics/estimates/intervals.js';
import { deviationOf } from '../metrics/estimates/mean-variance.js';
import { rankScores } from '../metrics/ranking/ranking.js';
import {
  bootstrapClusters,
  bootstrapRankings,
  type RankingReplicates,
} from '../metrics/ranking/ranking-bootstrap.js';
import { countedResamples } from '../metrics/resampling/draw-counts.js';
import { bootstrapTwoSided, meansOverSets } from '../metrics/resampling/two-sided-bootstrap.js';
import { clustersOf } from '../metrics/tests/clusters.js';
import type { MeasureRows } from '../suites/results.js';
import { columnsIn, type Group, type RowsOfMeasure } from './groups.js';
import {
  columnsAgainst,
  columnsFor,
  type DetectionStatistic,
  type ExampleStatistic,
  type TwoSampleStatistic,
} from './statistics/statistic.js';

/** Enough that the standard error which they give is off by 2 % (one standard deviation). */
export const RESAMPLES = 1000;

const known = new WeakMap<Group, Map<string, Float64Array>>();

/**
 * A statistic on resamples of its examples, (resamples): the same ones for any group of as many examples, so that those
 * of two systems on the same examples are paired. A group is resampled once, with however many others it is compared.
 */
export function replicates(
  group: Group,
  statistic: ExampleStatistic,
  options: NonNullable<MeasureRows['options']>,
  seed: number,
): Float64Array {
  const made = known.get(group) ?? new Map<string, Float64Array>();
  known.set(group, made);
  const key = JSON.stringify([statistic.name, options, seed]);
  const values = made.get(key) ?? resampled(group, statistic, options, seed);
  made.set(key, values);
  return values;
}

function resampled(
  group: Group,
  statistic: ExampleStatistic,
  options: NonNullable<MeasureRows['options']>,
  seed: number,
): Float64Array {
  const times = drawsOf(group.indices.length, seed);
  const of = statistic.of(columnsFor(statistic, group), options);
  return Float64Array.from({ length: RESAMPLES }, (_, b) => of(times(b)));
}

/** Bytes of draws that are kept. */
const KEPT = 2 ** 26;

let last: { n: number; seed: number; draws: Uint8Array } | undefined;

/** How often each example is drawn, by resample. The last ones are kept: systems and measures have as many examples. */
function drawsOf(n: number, seed: number): (replicate: number) => Uint8Array {
  const fresh = countedResamples(n, { seed, purpose: 'comparison' });
  if (n * RESAMPLES > KEPT) return fresh;
  if (last?.n !== n || last.seed !== seed) {
    const draws = new Uint8Array(n * RESAMPLES);
    for (let b = 0; b < RESAMPLES; b++) draws.set(fresh(b), b * n);
    last = { n, seed, draws };
  }
  const { draws } = last;
  return (b) => draws.subarray(b * n, (b + 1) * n);
}

const ranked = new WeakMap<RowsOfMeasure, Map<number, RankingReplicates[]>>();

/**
 * The rankings of some rows on resamples, by OOD set; ID and OOD examples are resampled apart, so that every
 * resample has as many of each. As with `replicates`, those of two systems on the same examples are paired.
 */
export function rankingReplicates(rows: RowsOfMeasure, seed: number): readonly RankingReplicates[] {
  const made = ranked.get(rows) ?? new Map<number, RankingReplicates[]>();
  ranked.set(rows, made);
  const sets =
    made.get(seed) ??
    rows.against.flatMap((set, s): RankingReplicates[] => {
      const { score } = columnsIn(set, ['score']);
      const ranking = rankScores(columnsIn(rows.examples, ['score']).score, score);
      const options = { seed, resamples: RESAMPLES, id: 'comparison', ood: `comparison ${s}` };
      const { together } = rows.examples;
      if (!together) return bootstrapRankings([ranking], options);
      return [bootstrapClusters(ranking, clustersOf(together), options)];
    });
  made.set(seed, sets);
  return sets;
}

/** The same of a statistic of ID and OOD examples that is not one of scores alone, by the same resamples. */
export function detectionReplicates(
  { examples, against }: RowsOfMeasure,
  statistic: Extract<DetectionStatistic, { test: 'paired-bootstrap' }>,
  options: NonNullable<MeasureRows['options']>,
  seed: number,
): Float64Array {
  const { resamples = RESAMPLES } = statistic;
  const sets = against.map((set, s) => {
    const own = columnsFor(statistic, examples);
    const value = statistic.of(own, columnsAgainst(statistic, set), options);
    const sizes = { nId: examples.indices.length, nOod: set.indices.length };
    const draws = { seed, resamples, id: 'comparison', ood: `comparison ${s}` };
    const [drawn] = bootstrapTwoSided([(id, ood) => ({ value: value(id, ood) })], sizes, draws);
    return drawn!;
  });
  return meansOverSets(sets, 'value');
}

/** The same of a statistic of two samples, or of its mean over several. */
export function twoSampleReplicates(
  { examples, against }: RowsOfMeasure,
  { of }: TwoSampleStatistic,
  seed: number,
): Float64Array {
  const own = resampledValues(examples, { seed, purpose: 'bootstrap/id/comparison' });
  const others = against.map((set, s) =>
    resampledValues(set, { seed, purpose: `bootstrap/ood/comparison ${s}` }),
  );
  return Float64Array.from({ length: RESAMPLES }, (_, b) => {
    const values = own(b);
    return others.reduce((sum, other) => sum + of(values, other(b)), 0) / others.length;
  });
}

function resampledValues(
  group: Group,
  options: { seed: number; purpose: string },
): (replicate: number) => Float64Array {
  const { indices } = group;
  const { value } = columnsIn(group, ['value']);
  const drawn = new Int32Array(indices.length);
  const values = new Float64Array(indices.length);
  return (b) => {
    resample(drawn, drawn.length, b, options);
    for (let i = 0; i < drawn.length; i++) values[i] = value[drawn[i]!]!;
    return values;
  };
}

/** The standard error of a difference: the standard deviation over paired resamples; NaN where some are not finite. */
export function errorOf(a: Float64Array, b: Float64Array): number {
  return deviationOf(a.map((value, r) => value - b[r]!));
}
