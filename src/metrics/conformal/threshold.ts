/** The threshold of split conformal prediction. */
export interface Threshold {
  /** The `rank`-th smallest calibration score; infinite where there are fewer: every class is then in every set. */
  value: number;
  /** ceil((n + 1)(1 - alpha)). */
  rank: number;
  /** Calibration examples. */
  n: number;
}

/** ceil((n + 1)(1 - alpha)), not one more for want of a bit: 10 x 0.9 is 9. */
export function conformalRank(n: number, alpha: number): number {
  return n + 1 - Math.floor((n + 1) * alpha + 1e-9);
}

/** Calibration examples from which a finite threshold can be taken: the least n with ceil((n + 1)(1 - alpha)) <= n. */
export const fewestFor = (alpha: number): number => Math.ceil(1 / alpha - 1 - 1e-9);

/**
 * The ceil((n + 1)(1 - alpha))-th smallest score of the labels of n calibration examples: sets of scores at most that cover the
 * label of an exchangeable example with probability at least 1 - alpha (Vovk et al. 2005; Lei et al. 2018).
 * @param sorted (n) ascending
 */
export function conformalThreshold(sorted: Float64Array, alpha: number): Threshold {
  const n = sorted.length;
  const rank = conformalRank(n, alpha);
  return { value: rank > n ? Number.POSITIVE_INFINITY : sorted[rank - 1]!, rank, n };
}
