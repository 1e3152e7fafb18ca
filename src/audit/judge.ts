import { normalTwoSided } from '../metrics/distributions/distributions.js';
import { wilson } from '../metrics/estimates/intervals.js';
import type { Measure } from '../suites/results.js';
import type { Claim } from './claims-file.js';

/** A measured value against a published one. */
export interface Deviation {
  /** Measured minus published. */
  difference: number;
  /** Of the difference, by chance alone: that of the measurement and, where the claim says its n, its own. */
  interval: [number, number] | null;
  /** Two-sided, of two samples of one population; null where the claim does not say its n, or it is no share. */
  p: number | null;
  /** What tolerance and rounding leave open besides. */
  allowance: number;
  /** Where the difference lies once chance, tolerance and rounding are taken off: 0 is agreement. */
  side: -1 | 0 | 1;
}

/**
 * Holds a measured value against a published one. Two shares are two samples (Newcombe 1998, method 10); of other
 * measures with a claimed n, the claim is taken to have an interval as ours has, scaled by the root of the examples.
 */
export function deviation(
  measure: Measure & { value: number },
  { value: claimed, tolerance, n }: Claim,
): Deviation {
  const { value, interval, level } = measure;
  const difference = value - claimed.value;
  const own = interval ?? [value, value];
  const theirs = claimInterval(measure, claimed.value, n);
  const lo = difference - Math.hypot(value - own[0], theirs[1] - claimed.value);
  const hi = difference + Math.hypot(own[1] - value, claimed.value - theirs[0]);
  // A tolerance is told as such; without one, the claim is what it was before it was rounded.
  const allowance = Math.max(tolerance, claimed.rounding) * (1 + 1e-9);
  const side = lo > allowance ? 1 : hi < -allowance ? -1 : 0;
  const p = n !== undefined && isShare(measure) ? twoShares(measure, claimed.value, n) : null;
  return { difference, interval: interval || n !== undefined ? [lo, hi] : null, p, allowance, side };

  function claimInterval(
    { n: ownN }: Measure,
    centre: number,
    examples: number | undefined,
  ): [number, number] {
    if (examples === undefined) return [centre, centre];
    if (isShare(measure)) return wilson(centre * examples, examples, level).interval ?? [centre, centre];
    const scale = Math.sqrt(ownN / examples);
    return [centre - scale * (value - own[0]), centre + scale * (own[1] - value)];
  }
}

const isShare = ({ method }: Measure): boolean => method === 'wilson';

/** The pooled z test of two proportions. */
function twoShares({ value, n }: Measure & { value: number }, claimed: number, claimedN: number): number {
  const pooled = (value * n + claimed * claimedN) / (n + claimedN);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / claimedN));
  return error === 0 ? (value === claimed ? 1 : 0) : normalTwoSided((value - claimed) / error);
}
