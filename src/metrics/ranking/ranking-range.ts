import { mapTuple } from '../../map-tuple.js';
import { ascendingOrder } from './ascending-order.js';
import { compareScores, type RankingMetrics } from './ranking.js';

/** What a ranking could be, were its scores computed with other rounding. */
export interface RankingRange {
  /** Pairs of an ID and an OOD example whose scores are closer than their rounding: either may be the higher. */
  pairs: number;
  /** The metrics when all of these pairs are in the wrong order, and when all are in the right one. */
  worst: RankingMetrics;
  best: RankingMetrics;
}

/**
 * AUROC, FPR95 and detection error get better, or stay, when an ID score rises or an OOD score falls. So over all scores
 * within their rounding they lie between two ends: ID scores lowered and OOD scores raised as far as they may be off,
 * and the reverse. Average precision also counts ties within a class: `precisionRange`. O(n log n).
 * @param idRounding how far each score may be off; 0 where it is exact
 */
export function rankingRange(
  id: Float64Array,
  ood: Float64Array,
  idRounding: Float64Array,
  oodRounding: Float64Array,
): RankingRange {
  const [lowId, highId] = ends(id, idRounding);
  const [lowOod, highOod] = ends(ood, oodRounding);
  const worst = compareScores(lowId, highOod);
  const best = compareScores(highId, lowOod);
  // AUROC counts the pairs in the right order.
  const pairs = Math.round((best.auroc - worst.auroc) * id.length * ood.length);
  if (Number.isNaN(pairs)) return { pairs: 0, worst, best };
  // Ties of exact scores do not split.
  if (![idRounding, oodRounding].some((of) => of.some((off) => off > 0))) return { pairs, worst, best };
  const negated = (values: Float64Array) => values.map((value) => -value);
  const auprIn = precisionRange([lowId, highId], [lowOod, highOod]);
  const auprOut = precisionRange(mapTuple([highOod, lowOod], negated), mapTuple([highId, lowId], negated));
  return {
    pairs,
    worst: { ...worst, auprIn: auprIn[0], auprOut: auprOut[0] },
    best: { ...best, auprIn: auprIn[1], auprOut: auprOut[1] },
  };
}

type Ends = [Float64Array, Float64Array];

/** Scores lowered and raised as far as they may be off. */
const ends = (values: Float64Array, rounding: Float64Array): Ends => [
  values.map((value, i) => value - rounding[i]!),
  values.map((value, i) => value + rounding[i]!),
];

/**
 * Bounds of average precision, positives being those that should score higher. At worst, positives come late, and one
 * by one: those that tie share the precision of the last, which is the highest. At best, each positive ties with all
 * that it may tie with.
 */
function precisionRange([low, high]: Ends, [negativeLow, negativeHigh]: Ends): [number, number] {
  // In the order of what is looked up: each search then begins where the one before ended.
  const order = ascendingOrder(low);
  const [above, fewest, most] = mapTuple([high, negativeLow, negativeHigh], countAbove);
  const n = low.length;
  const precision = new Float64Array(n);
  let [worst, best] = [0, 0];
  for (let at = 0; at < n; at++) {
    const i = order[at]!;
    const hits = n - at;
    worst += hits / (hits + most(low[i]!, false));
    const tied = above(low[i]!, false);
    precision[i] = tied / (tied + fewest(high[i]!, true));
  }
  for (let i = 0; i < n; i++) best += precision[i]!;
  return [worst / n, best / n];
}

/**
 * How many of some values are at least x, or strictly above it. What is asked for next is sought from the last place on, in
 * steps that double.
 */
function countAbove(values: Float64Array): (x: number, strictly: boolean) => number {
  const ascending = values.slice().sort();
  const n = ascending.length;
  let place = 0;
  return (x, strictly) => {
    const isBelow = (at: number) => (strictly ? ascending[at]! <= x : ascending[at]! < x);
    // Below lo all are below x, from hi on none is.
    let [lo, hi] = [place, place];
    for (let step = 1; lo > 0 && !isBelow(lo - 1); step *= 2) {
      hi = lo - 1;
      lo = Math.max(0, lo - step);
    }
    for (let step = 1; hi < n && isBelow(hi); step *= 2) {
      lo = hi + 1;
      hi = Math.min(n, hi + step);
    }
    while (lo < hi) {
      const middle = (lo + hi) >> 1;
      if (isBelow(middle)) lo = middle + 1;
      else hi = middle;
    }
    place = lo;
    return n - lo;
  };
}
