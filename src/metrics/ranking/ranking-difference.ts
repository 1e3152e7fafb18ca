import { deviationOf } from '../estimates/mean-variance.js';
import { hybridDifference } from '../tests/hybrid-difference.js';
import type { TestedDifference } from '../tests/wald.js';
import { rankingSide } from './ranking-interval.js';
import type { RankingMetric, RankingReplicates } from './ranking-replicates.js';

/** Normal quantile of the highest level that a double tells from 1, or nearly. */
const FARTHEST = 8;

/**
 * The difference of a ranking metric of two systems on the same examples, A - B, or of its means over OOD sets, by the intervals that
 * both have (hybrid-difference.ts), with the correlation of their replicates. Where there are fewer than two examples of a kind,
 * there is neither interval nor p; where all replicates are alike, no interval.
 * @param a by OOD set
 * @param b of the same sets, by the same draws
 */
export function rankingDifference(
  a: readonly RankingReplicates[],
  b: readonly RankingReplicates[],
  metric: RankingMetric,
  level?: number,
): TestedDifference {
  const [ofA, ofB] = [rankingSide(a, metric), rankingSide(b, metric)];
  const error = deviationOf(ofA.replicates.map((value, r) => value - ofB.replicates[r]!));
  const value = ofA.value - ofB.value;
  const fewest = Math.min(...a.flatMap(({ nId, nOod }) => [nId, nOod]));
  if (!Number.isFinite(error) || fewest < 2) return { value, interval: null, p: null };
  if (error === 0 && value === 0 && ofA.error > 0) return { value, interval: null, p: 1 };
  const tested = hybridDifference(ofA, ofB, error, {
    farthest: FARTHEST,
    ...(level !== undefined && { level }),
  });
  // Neither side varies, and no bound says how far it could.
  const [lo, hi] = tested.interval;
  return lo === hi ? { value, interval: null, p: value === 0 ? 1 : null } : tested;
}
