import { countedResamples } from './draw-counts.js';
import type { Estimate } from './estimate.js';
import { groupOrder } from './group-order.js';
import { type Ranking, type RankingMetrics, rankingMetrics } from './ranking.js';
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
  const [onceId, onceOod] = [nId, nOod].map((n) => new Uint8Array(n).fill(1));
  const resampledId = countedResamples(nId, { seed, purpose: `bootstrap/id/${options.id}` });
  const resampledOod = countedResamples(nOod, { seed, purpose: `bootstrap/ood/${options.ood}` });
  const most = Math.max(...rankings.map(({ groups }) => groups));
  const [roomId, roomOod] = [new Int32Array(most), new Int32Array(most)];
  const drawn = rankings.map(({ groups, id, ood }) => {
    const countId = drawnCounts(id, roomId.subarray(0, groups));
    const countOod = drawnCounts(ood, roomOod.subarray(0, groups));
    return (timesId: Uint8Array, timesOod: Uint8Array) =>
      rankingMetrics(countId(timesId), countOod(timesOod));
  });
  const results = drawn.map((metrics): RankingReplicates => {
    const empty = () => new Float64Array(draws);
    const replicates: RankingReplicates['replicates'] = {
      auroc: empty(),
      auprIn: empty(),
      auprOut: empty(),
      fpr95IdPositive: empty(),
      fpr95OodPositive: empty(),
      detectionError: empty(),
    };
    return { nId, nOod, values: metrics(onceId, onceOod), replicates };
  });
  for (let b = 0; b < draws; b++) {
    const [timesId, timesOod] = [resampledId(b), resampledOod(b)];
    for (const [r, { replicates }] of results.entries()) {
      const metrics = drawn[r](timesId, timesOod);
      for (const metric of Object.keys(replicates) as RankingMetric[])
        replicates[metric][b] = metrics[metric];
    }
    options.step?.(b + 1, draws);
  }
  return results;
}

/**
 * How many drawn examples each group has. Examples are brought into the order of their groups once, so that counts of
 * a million groups are written one after the other and not here and there.
 */
function drawnCounts(group: Int32Array, counts: Int32Array): (times: Uint8Array) => Int32Array {
  const { order } = groupOrder(group, counts.length);
  const groupOf = Int32Array.from(order, (i) => group[i]);
  return (times) => {
    counts.fill(0);
    for (let at = 0; at < order.length; at++) counts[groupOf[at]] += times[order[at]];
    return counts;
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
