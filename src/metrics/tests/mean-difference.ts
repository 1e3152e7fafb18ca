import { studentTQuantile } from '../distributions/distributions.js';
import type { Estimate } from '../estimates/estimate.js';
import { meanVariance } from '../estimates/mean-variance.js';
import { NO_INTERVAL, unlessAlike } from '../estimates/unless-alike.js';

/**
 * Mean of a minus mean of b, two independent samples, with Welch's interval (1947): variances may differ. The degrees of
 * freedom are rounded down, which widens it. Fewer than two values of a sample give no interval, none NaN.
 */
export function meanDifference(a: ArrayLike<number>, b: ArrayLike<number>, level = 0.95): Estimate {
  const [ofA, ofB] = [moments(a), moments(b)];
  const n = a.length + b.length;
  const value = ofA.mean - ofB.mean;
  const error2 = ofA.error2 + ofB.error2;
  const none: Estimate = { value, n, interval: null, level, method: 'none' };
  if (!(error2 >= 0)) return Number.isFinite(value) ? { ...none, why: NO_INTERVAL.one } : none;
  // Equal numbers have no variance but for rounding, which is of their size.
  const size = Math.max(Math.abs(ofA.mean), Math.abs(ofB.mean));
  if (!unlessAlike([size, size + Math.sqrt(error2)])) return { ...none, why: NO_INTERVAL.alike };
  const df = error2 ** 2 / (ofA.error2 ** 2 / (a.length - 1) + ofB.error2 ** 2 / (b.length - 1));
  const half = studentTQuantile(level, Math.max(1, Math.floor(df))) * Math.sqrt(error2);
  return { ...none, interval: [value - half, value + half], method: 'welch' };
}

/** The mean of some numbers, and its squared standard error: NaN of fewer than two. */
function moments(values: ArrayLike<number>): { mean: number; error2: number } {
  const { mean, variance } = meanVariance(values);
  return { mean, error2: variance / values.length };
}
