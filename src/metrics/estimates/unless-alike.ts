import type { Estimate } from './estimate.js';

/** Far above what sums of equal numbers differ by, and far below what examples do. */
const ROUNDING = 1e-12;

/**
 * An interval; null where it has no width but for rounding. Examples or resamples that are all alike do not tell how far
 * others may lie, and such an interval would claim certainty.
 */
export function unlessAlike(interval: readonly [number, number]): [number, number] | null {
  const [lo, hi] = interval;
  return hi - lo > ROUNDING * Math.max(Math.abs(lo), Math.abs(hi), ROUNDING) ? [lo, hi] : null;
}

/** Why there is no interval, for readers. */
export const NO_INTERVAL = {
  one: 'no interval: one example',
  few: 'no interval: too few examples',
  alike: 'no interval: all values are alike',
  errorless: 'no interval: its error is estimated as 0',
  resamples: 'no interval: nearly every resample gives the same value',
} as const;

/** An estimate with its interval, or with the reason why it has none. */
export function orWhy(
  estimate: Omit<Estimate, 'interval'>,
  interval: readonly [number, number],
  why: string,
): Estimate {
  const wide = unlessAlike(interval);
  return wide ? { ...estimate, interval: wide } : { ...estimate, interval: null, method: 'none', why };
}
