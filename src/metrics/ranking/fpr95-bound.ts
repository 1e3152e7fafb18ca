import { betaCdf, betaQuantile } from '../distributions/beta-distribution.js';

/**
 * What the false positive rate at 95 % of the positives is at most, whatever the distributions, with probability 1 - alpha: a rate of 0
 * has such a bound also where scores overlap. Half of alpha is spent on where the threshold lies: at most r - 1 of n positives lie at or
 * below it with probability P(Binomial(n, 0.05) < r) (order statistics), so that the r-th lowest positive is no higher. The rest
 * is spent on the share of negatives that are at least as high as that (Clopper & Pearson 1934).
 *
 * Examples may stand for clusters of unequal size, an example of each. A share f of all examples can then lie in the largest clusters:
 * the chances that clusters have one of these are at least f times the mean size over the largest, on average. Of chances with
 * a mean of p, at most k of n come true with the probability of Binomial(n, p) at most, where k = 0 or k <= n p - 1 (Hoeffding 1956).
 * @param positives (n) higher is more positive; 59 are needed at alpha = 0.05
 * @param negatives (m)
 * @param evenness of clusters on either side, the mean of their sizes over the largest; default 1
 * @returns undefined with too few positives to say where the threshold lies
 */
export function fpr95Bound(
  positives: Int32Array,
  negatives: Int32Array,
  alpha: number,
  evenness: { positives?: number; negatives?: number } = {},
): number | undefined {
  const [n, m] = [positives.length, negatives.length];
  const below = 0.05 * (evenness.positives ?? 1);
  // With few positives, none may lie below it with more than half of alpha.
  const r = Math.max(rankOf(n, below, alpha / 2), 1);
  const left = alpha - atMost(r - 1, n, below);
  if (n === 0 || m === 0 || left <= 0) return undefined;
  const threshold = positives.slice().sort()[r - 1]!;
  let passed = 0;
  for (let j = 0; j < m; j++) if (negatives[j]! >= threshold) passed++;
  if (passed === m) return 1;
  const most = betaQuantile(1 - left, passed + 1, m - passed);
  if (evenness.negatives === undefined) return most;
  return passed > 0 && passed > m * most - 1 ? 1 : Math.min(1, most / evenness.negatives);
}

/** P(Binomial(n, p) <= k). */
const atMost = (k: number, n: number, p: number): number => (k >= n ? 1 : betaCdf(1 - p, n - k, k + 1));

/** The largest r with P(Binomial(n, p) < r) <= alpha; 0 where there is none. */
function rankOf(n: number, p: number, alpha: number): number {
  let [low, high] = [0, n];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (atMost(middle - 1, n, p) <= alpha) low = middle;
    else high = middle - 1;
  }
  return low;
}
