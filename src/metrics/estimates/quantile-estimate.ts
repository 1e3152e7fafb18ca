import { normalQuantile } from '../distributions/distributions.js';
import type { Estimate } from './estimate.js';

/**
 * A quantile of sorted numbers with the interval between order statistics whose ranks are binomial (normal
 * approximation): free of any assumption about the distribution. An infinite bound gives no interval.
 */
export function quantileEstimate(sorted: Float64Array, q: number, level = 0.95): Estimate {
  const n = sorted.length;
  if (n === 0) return { value: Number.NaN, n, interval: null, level, method: 'none' };
  const at = (rank: number) => sorted[Math.min(n - 1, Math.max(0, rank))]!;
  const half = normalQuantile(level) * Math.sqrt(n * q * (1 - q));
  const interval: [number, number] = [at(Math.floor(n * q - half)), at(Math.ceil(n * q + half) - 1)];
  const known = interval.every(Number.isFinite);
  return {
    value: at(Math.ceil(n * q) - 1),
    n,
    interval: known ? interval : null,
    level,
    method: known ? 'order-statistics' : 'none',
  };
}
