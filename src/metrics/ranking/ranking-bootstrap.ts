import { mapTuple } from '../../map-tuple.js';
import type { Estimate } from '../estimates/estimate.js';
import { ONE_BY_ONE } from '../resampling/resampling-units.js';
import {
  bootstrapTwoSided,
  resamplesOfSides,
  type TwoSidedOptions,
  type TwoSidedReplicates,
  twoSidedEstimate,
  withReplicates,
} from '../resampling/two-sided-bootstrap.js';
import { type Clusters, ofClusters } from '../tests/clusters.js';
import { drawnRanking } from './drawn-ranking.js';
import { metricsOf, type Ranking } from './ranking.js';
import { LANES, packedDraws, rankingInBlocks } from './ranking-blocks.js';
import { withInterval } from './ranking-interval.js';
import type { RankingMetric, RankingReplicates } from './ranking-replicates.js';

export type { RankingMetric, RankingReplicates };

/**
 * Bootstraps rankings of the same ID and OOD examples (by several systems and scores), ID and OOD resampled apart
 * so that every resample has as many of each as the data. One set of draws serves all rankings, so that their
 * replicates are paired. Rankings with an empty side have no replicates. Of a system that gave no result for some examples there are
 * fewer: those of as many are resampled together.
 */
export function bootstrapRankings(
  rankings: readonly Ranking[],
  options: TwoSidedOptions,
): RankingReplicates[] {
  const replicates = new Map<Ranking, RankingReplicates>();
  for (const size of new Set(rankings.map(sizesOf)))
    for (const one of bootstrapAlike(
      rankings.filter((ranking) => sizesOf(ranking) === size),
      options,
    ))
      replicates.set(one.ranking, one);
  return rankings.map((ranking) => replicates.get(ranking)!);
}

const sizesOf = ({ id, ood }: Ranking): string => `${id.length} ${ood.length}`;

/** Of as many ID and as many OOD examples each. */
function bootstrapAlike(rankings: readonly Ranking[], options: TwoSidedOptions): RankingReplicates[] {
  const { id, ood } = rankings[0]!;
  const replicates =
    Math.max(id.length, ood.length) > ONE_BY_ONE
      ? inBlocks(rankings, options)
      : bootstrapTwoSided(rankings.map(drawnRanking), { nId: id.length, nOod: ood.length }, options);
  return replicates.map((one, r) => ({ ...one, ranking: rankings[r]! }));
}

/** The same of one ranking whose ID examples are drawn by clusters, such as images with their changed forms. */
export function bootstrapClusters(
  ranking: Ranking,
  clusters: Clusters,
  options: TwoSidedOptions,
): RankingReplicates {
  const sizes = { nId: clusters.count, nOod: ranking.ood.length };
  const [replicates] = bootstrapTwoSided([ofClusters(drawnRanking(ranking), clusters)], sizes, options);
  return { ...replicates!, ranking, clusters };
}

/** Where groups of examples are drawn: `LANES` resamples in one pass. */
function inBlocks(
  rankings: readonly Ranking[],
  options: TwoSidedOptions,
): TwoSidedReplicates<RankingMetric>[] {
  const { resamples = 1000, step } = options;
  const sizes = { nId: rankings[0]!.id.length, nOod: rankings[0]!.ood.length };
  const draws = sizes.nId > 0 && sizes.nOod > 0 ? resamples : 0;
  const results = rankings.map((ranking) => withReplicates<RankingMetric>(metricsOf(ranking), sizes, draws));
  const { id, ood } = resamplesOfSides(sizes, options);
  const units = { id: id.units, ood: ood.units };
  const metrics = rankings.map((ranking, r) => rankingInBlocks(ranking, results[r]!.values, units));
  const [packedId, packedOod] = mapTuple([id, ood], ({ units, draw }) => packedDraws(units.count, draw));
  for (let start = 0; start < draws; start += LANES) {
    const [timesId, timesOod] = [packedId(start), packedOod(start)];
    const end = Math.min(draws, start + LANES);
    for (const [r, { replicates }] of results.entries()) {
      const lanes = metrics[r]!(timesId, timesOod);
      for (let b = start; b < end; b++)
        for (const name of Object.keys(replicates) as RankingMetric[])
          replicates[name][b] = lanes[b - start]![name];
    }
    for (let b = start; b < end; b++) step?.(b + 1, draws);
  }
  return results;
}

/**
 * The unweighted mean of a metric over rankings of different OOD sets, with its interval (ranking-interval.ts): of one
 * ranking, the metric itself. The interval says what other examples would give, not what other OOD sets would.
 * `n` counts ID examples once. No ranking gives NaN. The same rankings give the same object.
 */
export function rankingEstimate(
  results: readonly RankingReplicates[],
  metric: RankingMetric,
  level = 0.95,
): Estimate {
  const [first] = results;
  if (!first) return twoSidedEstimate(results, metric, level);
  const known = estimates.get(first) ?? [];
  estimates.set(first, known);
  const same = known.find(
    (one) =>
      one.metric === metric &&
      one.estimate.level === level &&
      one.results.length === results.length &&
      one.results.every((ranking, i) => ranking === results[i]),
  );
  if (same) return same.estimate;
  const estimate = withInterval(twoSidedEstimate(results, metric, level), results, metric);
  known.push({ results, metric, estimate });
  return estimate;
}

/** By the first of the rankings that each was made from. */
const estimates = new WeakMap<
  RankingReplicates,
  { results: readonly RankingReplicates[]; metric: RankingMetric; estimate: Estimate }[]
>();
