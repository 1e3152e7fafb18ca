/*
 * How unevenly sets cover. Both are statistics for `jointBootstrap`: functions of how often each example was drawn.
 */

/** Set sizes that are looked at together (Angelopoulos et al. 2021); the last is open. */
export const SIZE_STRATA: readonly (readonly [number, number])[] = [
  [0, 1],
  [2, 3],
  [4, 10],
  [11, 100],
  [101, 1000],
  [1001, Number.POSITIVE_INFINITY],
];

/** The stratum of a set size. */
export const stratumOf = (size: number): number => SIZE_STRATA.findIndex(([, hi]) => size <= hi);

/** Covered and all draws of each group. */
function sums(group: Int32Array, covered: ArrayLike<number>, groups: number, times: Uint8Array) {
  const [hits, total] = [new Float64Array(groups), new Float64Array(groups)];
  for (let i = 0; i < times.length; i++) {
    total[group[i]!]! += times[i]!;
    hits[group[i]!]! += times[i]! * covered[i]!;
  }
  return { hits, total };
}

/** |coverage - (1 - alpha)| of every group that has examples. */
function gaps({ hits, total }: { hits: Float64Array; total: Float64Array }, alpha: number): number[] {
  return Array.from(total).flatMap((n, g) => (n > 0 ? [Math.abs(hits[g]! / n - (1 - alpha))] : []));
}

/**
 * Size-stratified coverage violation: the largest |coverage - (1 - alpha)| over strata of set size that have examples
 * (Angelopoulos et al. 2021, section 4.4). Of few examples it is mostly noise. Without examples NaN.
 */
export function sizeStratifiedViolation(
  size: ArrayLike<number>,
  covered: ArrayLike<number>,
  alpha: number,
): (times: Uint8Array) => number {
  const strata = Int32Array.from(size, stratumOf);
  return (times) => {
    const all = gaps(sums(strata, covered, SIZE_STRATA.length, times), alpha);
    return all.length > 0 ? Math.max(...all) : Number.NaN;
  };
}

/**
 * Class-wise coverage gap: the mean |coverage - (1 - alpha)| over classes that have examples (Ding et al. 2023, section 3.1;
 * there in percent). Of few examples a class it is mostly noise. Without examples NaN.
 */
export function classwiseCoverageGap(
  labels: ArrayLike<number>,
  covered: ArrayLike<number>,
  alpha: number,
): (times: Uint8Array) => number {
  const group = Int32Array.from(labels);
  const classes = group.reduce((most, label) => Math.max(most, label + 1), 0);
  return (times) => {
    const all = gaps(sums(group, covered, classes, times), alpha);
    return all.reduce((sum, gap) => sum + gap, 0) / all.length;
  };
}
