import { normalQuantile } from '../distributions/distributions.js';
import type { Estimate } from './estimate.js';
import { NO_INTERVAL, orWhy } from './unless-alike.js';

/**
 * An estimate whose normal interval has the variance of the jackknife, over the values without one example each.
 * @param without (n) the value without each example
 * @param range what the value can be
 */
export function jackknifeEstimate(
  value: number,
  without: Float64Array,
  [least, most]: readonly [number, number],
  level = 0.95,
): Estimate {
  const n = without.length;
  const mean = without.reduce((total, x) => total + x, 0) / n;
  const squares = without.reduce((total, x) => total + (x - mean) ** 2, 0);
  const half = normalQuantile(level) * Math.sqrt(((n - 1) / n) * squares);
  const interval = [Math.max(least, value - half), Math.min(most, value + half)] as const;
  return orWhy({ value, n, level, method: 'jackknife' }, interval, NO_INTERVAL.alike);
}

/** An estimate of n examples that are too few for one. */
export const withoutJackknife = (value: number, n: number, level: number): Estimate => ({
  value,
  n,
  interval: null,
  level,
  method: 'none',
  ...(Number.isFinite(value) && { why: NO_INTERVAL.few }),
});
