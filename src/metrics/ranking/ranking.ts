import { AssayError } from '../../errors.js';
import { ascendingOrder } from './ascending-order.js';

/**
 * Two groups ranked together by score, higher meaning in-distribution (ID). Group g holds the examples with the
 * g-th largest distinct score; equal scores share a group, so that no metric depends on how ties are ordered.
 */
export interface Ranking {
  groups: number;
  /** (n_ID) and (n_OOD): the group of each example. */
  id: Int32Array;
  ood: Int32Array;
}

export interface RankingMetrics {
  /** P(ID score > OOD score), ties counting half. */
  auroc: number;
  /** Average precision with ID as the positive class. */
  auprIn: number;
  /** Average precision with OOD as the positive class (low scores first). */
  auprOut: number;
  /** Share of OOD accepted at the threshold that accepts at least 95 % of ID. */
  fpr95IdPositive: number;
  /** Share of ID rejected at the threshold that rejects at least 95 % of OOD. */
  fpr95OodPositive: number;
  /** min over thresholds of (share of ID rejected + share of OOD accepted) / 2 (Liang et al. 2018). */
  detectionError: number;
}

/**
 * Ranks two sets of scores. O(n log n). Infinite scores are allowed.
 * Errors: `data-invalid` for a NaN score, which has no rank.
 */
export function rankScores(idScores: ArrayLike<number>, oodScores: ArrayLike<number>): Ranking {
  const all = new Float64Array(idScores.length + oodScores.length);
  all.set(idScores);
  all.set(oodScores, idScores.length);
  const nan = all.findIndex(Number.isNaN);
  if (nan >= 0) {
    const inId = nan < idScores.length;
    throw new AssayError('data-invalid', 'a score is NaN and cannot be ranked', {
      path: `${inId ? 'in-distribution' : 'out-of-distribution'} example ${inId ? nan : nan - idScores.length}`,
    });
  }
  const order = ascendingOrder(all);
  const group = new Int32Array(all.length);
  let groups = 0;
  for (let at = all.length - 1; at >= 0; at--) {
    if (at === all.length - 1 || all[order[at]!] !== all[order[at + 1]!]) groups++;
    group[order[at]!] = groups - 1;
  }
  return { groups, id: group.subarray(0, idScores.length), ood: group.subarray(idScores.length) };
}

/** How many examples of each group. */
export function groupCounts(group: Int32Array, counts: Int32Array): Int32Array {
  counts.fill(0);
  for (let i = 0; i < group.length; i++) counts[group[i]!]!++;
  return counts;
}

/** The count that is at least 95 % of n, safe from rounding in 0.95 n. */
export const share95 = (n: number) => Math.ceil((19 * n) / 20);

/**
 * All metrics of two count vectors over groups, best score first, in one walk. NaN throughout when either class
 * is empty: none of them is defined then.
 */
export function rankingMetrics(id: Int32Array, ood: Int32Array): RankingMetrics {
  const groups = id.length;
  let nId = 0;
  let nOod = 0;
  for (let g = 0; g < groups; g++) {
    nId += id[g]!;
    nOod += ood[g]!;
  }
  const mostId = share95(nId);
  const mostOod = share95(nOod);
  // Bootstraps spend their time here. Beginning as -0, these are doubles; as integers, every step would look for overflow.
  let aboveId = -0;
  let aboveOod = -0;
  let concordant = -0;
  let precisionIn = -0;
  let precisionOut = -0;
  /** Examples on the wrong side of the two thresholds; -1 until the first is met. */
  let acceptedOod = -1;
  let rejectedId = 0;
  let error = 0.5;
  let g = 0;
  while (g < groups && id[g] === 0 && ood[g] === 0) g++;
  for (; g < groups; g++) {
    const a = id[g]!;
    const o = ood[g]!;
    if (o > 0) {
      // Accepting more ID alone loses nothing: thresholds are looked at where OOD is accepted next.
      if (acceptedOod < 0 && aboveId >= mostId) acceptedOod = aboveOod;
      error = Math.min(error, (1 - aboveId / nId + aboveOod / nOod) / 2);
      // Examples at this group or below it: what is rejected when the threshold lies just above the group.
      const belowId = nId - aboveId;
      const belowOod = nOod - aboveOod;
      if (belowOod >= mostOod) rejectedId = belowId;
      precisionOut += (o * belowOod) / (belowId + belowOod);
      concordant += o * (aboveId + a / 2);
      aboveOod += o;
    }
    aboveId += a;
    // Without a branch on a, which is 0 in every third group of a resample: a wrong guess costs more than the division.
    precisionIn += (a * aboveId) / (aboveId + aboveOod);
  }
  // A threshold below everything accepts all: its error is 1/2.
  if (acceptedOod < 0) acceptedOod = aboveOod;
  const empty = nId === 0 || nOod === 0;
  const defined = (value: number) => (empty ? Number.NaN : value);
  return {
    auroc: defined(concordant / (nId * nOod)),
    auprIn: defined(precisionIn / nId),
    auprOut: defined(precisionOut / nOod),
    fpr95IdPositive: defined((acceptedOod + 0) / nOod),
    fpr95OodPositive: defined(rejectedId / nId),
    detectionError: defined(error),
  };
}

/** All metrics of two sets of scores, higher meaning ID. NaN throughout when one set is empty. */
export function compareScores(idScores: ArrayLike<number>, oodScores: ArrayLike<number>): RankingMetrics {
  return metricsOf(rankScores(idScores, oodScores));
}

/** All metrics of a ranking. NaN throughout when one set is empty. */
export const metricsOf = ({ groups, id, ood }: Ranking): RankingMetrics =>
  rankingMetrics(groupCounts(id, new Int32Array(groups)), groupCounts(ood, new Int32Array(groups)));

/** Unweighted, over OOD sets or settings. */
export const meanAuroc = (of: readonly Pick<RankingMetrics, 'auroc'>[]): number =>
  of.reduce((sum, { auroc }) => sum + auroc, 0) / of.length;

/**
 * Area under the precision-recall curve by the trapezoid rule, from (recall 0, precision 1): larger than average
 * precision, since it interpolates linearly. Some benchmarks report it; here it has its own name. Positives are
 * the examples of the first argument, which should score higher. NaN when either set is empty.
 */
export function auprTrapezoid(positives: ArrayLike<number>, negatives: ArrayLike<number>): number {
  if (positives.length === 0 || negatives.length === 0) return Number.NaN;
  const ranking = rankScores(positives, negatives);
  const hits = groupCounts(ranking.id, new Int32Array(ranking.groups));
  const misses = groupCounts(ranking.ood, new Int32Array(ranking.groups));
  let [tp, fp, recall, precision, area] = [0, 0, 0, 1, 0];
  for (let g = 0; g < ranking.groups; g++) {
    tp += hits[g]!;
    fp += misses[g]!;
    const [nextRecall, nextPrecision] = [tp / positives.length, tp / (tp + fp)];
    area += ((nextRecall - recall) * (precision + nextPrecision)) / 2;
    [recall, precision] = [nextRecall, nextPrecision];
  }
  return area;
}
