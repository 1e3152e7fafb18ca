import { type Resamples, resamplesOf } from './draw-counts.js';
import type { Estimate } from './estimate.js';
import { drawnGroupCounts } from './group-order.js';
import { metricsOf, type Ranking, type RankingMetrics, rankingMetrics } from './ranking.js';
import { LANES, packedDraws, rankingInBlocks } from './ranking-blocks.js';
import { type TwoSidedOptions, twoSidedEstimate } from './two-sided-bootstrap.js';

export type RankingMetric = keyof RankingMetrics;

/** The metrics of one ranking, and what they are on each resample. */
export interface RankingReplicates {
  nId: number;
  nOod: number;
  values: RankingMetrics;
  replicates: Record<RankingMetric, Float64Array>;
}

/**
 * Bootstraps rankings of the same ID and OOD examples (by several systems and scores), ID and OOD resampled apart
 * so that every resample has as many of each as the data. One set of draws serves all rankings, so that their
 * replicates are paired. Rankings with an empty side have no replicates.
 */
export function bootstrapRankings(
  rankings: readonly Ranking[],
  options: TwoSidedOptions,
): RankingReplicates[] {
  if (rankings.length === 0) return [];
  const { resamples = 1000, seed } = options;
  const [nId, nOod] = [rankings[0].id.length, rankings[0].ood.length];
  const draws = nId > 0 && nOod > 0 ? resamples : 0;
  const results = rankings.map((ranking): RankingReplicates => {
    const empty = () => new Float64Array(draws);
    const replicates: RankingReplicates['replicates'] = {
      auroc: empty(),
      auprIn: empty(),
      auprOut: empty(),
      fpr95IdPositive: empty(),
      fpr95OodPositive: empty(),
      detectionError: empty(),
    };
    return { nId, nOod, values: metricsOf(ranking), replicates };
  });
  const id = resamplesOf(nId, { seed, purpose: `bootstrap/id/${options.id}` });
  const ood = resamplesOf(nOod, { seed, purpose: `bootstrap/ood/${options.ood}` });
  const { lanes, drawn } =
    id.units.of || ood.units.of ? inBlocks(rankings, results, id, ood) : oneByOne(rankings, id, ood);
  for (let start = 0; start < draws; start += lanes) {
    for (const [r, lane] of drawn(start).entries())
      for (let b = start; b < Math.min(draws, start + lanes); b++)
        for (const metric of Object.keys(results[r].replicates) as RankingMetric[])
          results[r].replicates[metric][b] = lane[b - start][metric];
    for (let b = start; b < Math.min(draws, start + lanes); b++) options.step?.(b + 1, draws);
  }
  return results;
}

/** Metrics of consecutive resamples: of each ranking, so many. */
interface Drawn {
  lanes: number;
  drawn(start: number): RankingMetrics[][];
}

function oneByOne(rankings: readonly Ranking[], id: Resamples, ood: Resamples): Drawn {
  const counts = rankings.map(({ groups, ...of }) => [
    drawnGroupCounts(of.id, groups),
    drawnGroupCounts(of.ood, groups),
  ]);
  return {
    lanes: 1,
    drawn(b) {
      const [timesId, timesOod] = [id.draw(b), ood.draw(b)];
      return counts.map(([ofId, ofOod]) => [rankingMetrics(ofId(timesId), ofOod(timesOod))]);
    },
  };
}

function inBlocks(
  rankings: readonly Ranking[],
  results: readonly RankingReplicates[],
  id: Resamples,
  ood: Resamples,
): Drawn {
  const units = { id: id.units, ood: ood.units };
  const metrics = rankings.map((ranking, r) => rankingInBlocks(ranking, results[r].values, units));
  const [packedId, packedOod] = [id, ood].map(({ units, draw }) => packedDraws(units.count, draw));
  return {
    lanes: LANES,
    drawn(start) {
      const [timesId, timesOod] = [packedId(start), packedOod(start)];
      return metrics.map((of) => of(timesId, timesOod));
    },
  };
}

/**
 * The unweighted mean of a metric over rankings of different OOD sets, with its bootstrap interval: of one
 * ranking, the metric itself. The interval says what other examples would give, not what other OOD sets would.
 * No interval where every resample gives the same number, as for sets that do not overlap: the percentile
 * interval would claim certainty. `n` counts ID examples once. No ranking gives NaN. The same rankings give the same object.
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
  const estimate = twoSidedEstimate(results, metric, level);
  known.push({ results, metric, estimate });
  return estimate;
}

/** By the first of the rankings that each was made from. */
const estimates = new WeakMap<
  RankingReplicates,
  { results: readonly RankingReplicates[]; metric: RankingMetric; estimate: Estimate }[]
>();
