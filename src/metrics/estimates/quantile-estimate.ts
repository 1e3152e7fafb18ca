import { normalQuantile } from '../distributions/distributions.js';
import type { Estimate } from './estimate.js';
import { NO_INTERVAL } from './unless-alike.js';

/**
 * A quantile of sorted numbers with the interval between order statistics whose ranks are binomial (normal
 * approximation): free of any assumption about the distribution. Equal numbers may leave it without width: it holds the
 * quantile of any distribution, also of one with ties. None where the smallest and the largest number are too few
 * (both lie on one side of the quantile with more than 1 - level: fewer than six numbers for a median at 95 %), and with an infinite end.
 */
export function quantileEstimate(sorted: Float64Array, q: number, level = 0.95): Estimate {
  const n = sorted.length;
  if (n === 0) return { value: Number.NaN, n, interval: null, level, method: 'none' };
  const at = (rank: number) => sorted[Math.min(n - 1, Math.max(0, rank))]!;
  const half = normalQuantile(level) * Math.sqrt(n * q * (1 - q));
  const interval: [number, number] = [at(Math.floor(n * q - half)), at(Math.ceil(n * q + half) - 1)];
  const isBeyond = q ** n + (1 - q) ** n > 1 - level;
  const known = !isBeyond && interval.every(Number.isFinite);
  return {
    value: at(Math.ceil(n * q) - 1),
    n,
    interval: known ? interval : null,
    level,
    method: known ? 'order-statistics' : 'none',
    ...(isBeyond && { why: NO_INTERVAL.few }),
  };
}
