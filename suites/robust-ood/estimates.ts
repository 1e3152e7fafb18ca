import {
  delongEstimate,
  type Estimate,
  placements,
  type RankingMetric,
  rankingEstimate,
} from '../../src/metrics.js';
import type { Raised } from './robust-auroc.js';

/** By the estimate of the same rankings by resampling, which is one object however often it is asked for. */
const byDelong = new WeakMap<Estimate, Estimate>();

/**
 * A metric of one detector on one OOD set, or its mean over several: of clean images, or under attack at the k-th radius.
 * AUROC has an interval by DeLong's variance, as in the suite `ood`; other metrics are resampled. The same object whenever it is asked
 * for, so that the numbers of tables and figures lead to the measure that they are.
 */
export function estimateOf(metric: RankingMetric, oods: readonly Raised[], k?: number): Estimate {
  const resampled = rankingEstimate(
    oods.map(({ clean, robust }) => (k === undefined ? clean : robust[k]!)),
    metric,
  );
  if (metric !== 'auroc') return resampled;
  const known = byDelong.get(resampled);
  if (known) return known;
  const sets = oods.map(({ idScores, cleanScores, attackedScores }) =>
    placements(idScores, k === undefined ? cleanScores : attackedScores[k]!),
  );
  const estimate = delongEstimate(resampled.value, sets);
  byDelong.set(resampled, estimate);
  return estimate;
}
