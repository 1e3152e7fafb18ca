import { normalTwoSided } from '../distributions/distributions.js';
import { ascendingOrder } from '../ranking/ascending-order.js';

/** Ranks from 1, equal values sharing the mean of theirs; and the sum of t^3 - t over groups of t equal values. */
function ranked(values: ArrayLike<number>): { ranks: Float64Array; ties: number } {
  const order = ascendingOrder(Float64Array.from(values));
  const ranks = new Float64Array(values.length);
  let ties = 0;
  eachTie(order, values, (from, to) => {
    for (let at = from; at < to; at++) ranks[order[at]!] = (from + 1 + to) / 2;
    ties += (to - from) ** 3 - (to - from);
  });
  return { ranks, ties };
}

/** Ranks from 1, equal values sharing the mean of theirs. */
export const midranks = (values: ArrayLike<number>): Float64Array => ranked(values).ranks;

/** Calls `of` with the range of every group of equal values in an order that sorts them. */
export function eachTie(
  order: Int32Array,
  values: ArrayLike<number>,
  of: (from: number, to: number) => void,
): void {
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    of(from, to);
    from = to;
  }
}

/**
 * Mann and Whitney's test (1947), two-sided: whether values of one sample tend to be larger than those of another that is
 * independent of it. By the normal distribution, with correction for ties and for continuity. NaN where a sample is empty
 * or all values are equal.
 */
export function mannWhitneyP(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [n, m] = [a.length, b.length];
  const all = Float64Array.from({ length: n + m }, (_, i) => (i < n ? a[i]! : b[i - n]!));
  const { ranks, ties } = ranked(all);
  const sum = ranks.subarray(0, n).reduce((total, rank) => total + rank, 0);
  const u = sum - (n * (n + 1)) / 2;
  const variance = ((n * m) / 12) * (n + m + 1 - ties / ((n + m) * (n + m - 1)));
  if (!(variance > 0)) return Number.NaN;
  const gap = Math.max(0, Math.abs(u - (n * m) / 2) - 0.5);
  return normalTwoSided(gap / Math.sqrt(variance));
}

/**
 * Wilcoxon's signed-rank test (1945), two-sided: whether differences of pairs lie around 0. Differences of 0 are left
 * out; by the normal distribution with correction for ties. NaN where all are 0.
 */
export function wilcoxonP(differences: ArrayLike<number>): number {
  const known = Float64Array.from(differences).filter((difference) => difference !== 0);
  const n = known.length;
  const sizes = known.map(Math.abs);
  const { ranks, ties } = ranked(sizes);
  const positive = ranks.reduce((sum, rank, i) => sum + (known[i]! > 0 ? rank : 0), 0);
  const variance = (n * (n + 1) * (2 * n + 1)) / 24 - ties / 48;
  if (!(variance > 0)) return Number.NaN;
  return normalTwoSided((positive - (n * (n + 1)) / 4) / Math.sqrt(variance));
}
