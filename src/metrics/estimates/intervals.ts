import { mapTuple } from '../../map-tuple.js';
import { stream } from '../../random/stream.js';
import { normalQuantile, studentTQuantile } from '../distributions/distributions.js';
import type { Estimate } from './estimate.js';
import { meanVariance } from './mean-variance.js';
import { NO_INTERVAL, orWhy, unlessAlike } from './unless-alike.js';

/**
 * A proportion with Wilson's score interval (Wilson 1927): right for small n and for proportions near 0 and 1.
 * `successes` of `n`; n = 0 gives NaN without an interval.
 */
export function wilson(successes: number, n: number, level = 0.95): Estimate {
  if (n === 0) return { value: Number.NaN, n, interval: null, level, method: 'none' };
  const interval = wilsonEnds(successes, n, normalQuantile(level));
  return { value: successes / n, n, interval, level, method: 'wilson' };
}

/** Both ends of that interval, z standard errors to both sides; n > 0. */
export function wilsonEnds(successes: number, n: number, z: number): [number, number] {
  const z2 = z ** 2;
  const p = successes / n;
  const centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const half = (Math.sqrt(z2) / (1 + z2 / n)) * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n * n));
  return [successes === 0 ? 0 : Math.max(0, centre - half), successes === n ? 1 : Math.min(1, centre + half)];
}

/** The mean of some numbers with Student's t interval. One number, or equal ones, give no interval, none gives NaN. */
export function meanOf(values: ArrayLike<number>, level = 0.95): Estimate {
  const n = values.length;
  const { mean: value, variance } = meanVariance(values);
  if (n < 2)
    return { value, n, interval: null, level, method: 'none', ...(n === 1 && { why: NO_INTERVAL.one }) };
  const half = studentTQuantile(level, n - 1) * Math.sqrt(variance / n);
  return orWhy({ value, n, level, method: 'student-t' }, [value - half, value + half], NO_INTERVAL.alike);
}

/** The same of shares: their mean lies in [0, 1], and so does what the interval holds. */
export function meanOfShares(values: ArrayLike<number>, level = 0.95): Estimate {
  const { interval, ...estimate } = meanOf(values, level);
  return { ...estimate, interval: interval && [Math.max(0, interval[0]), Math.min(1, interval[1])] };
}

/** Told how much of something long is done. */
export type Step = (done: number, of: number) => void;

export interface BootstrapOptions {
  /** The run's seed. */
  seed: number;
  /** Default 1000. */
  resamples?: number;
  /** Default 0.95. */
  level?: number;
  /**
   * Which draws: the same purpose, seed and n give the same resamples, so that two systems measured on the
   * same examples are resampled together. Default `bootstrap`.
   */
  purpose?: string;
  /** Told after each resample how many are done. */
  step?: Step;
}

/** Fills `indices` with resample number `replicate`: `indices.length` draws with replacement from 0..n-1. */
export function resample(indices: Int32Array, n: number, replicate: number, options: BootstrapOptions): void {
  const draws = stream({
    seed: options.seed,
    purpose: options.purpose ?? 'bootstrap',
    example: 0,
    step: replicate,
  });
  const scale = n / 2 ** 32;
  // The draws lie where the indices will.
  const raw = new Uint32Array(indices.buffer, indices.byteOffset, indices.length);
  draws.uint32s(raw);
  for (let i = 0; i < indices.length; i++) indices[i] = raw[i]! * scale;
}

/** The quantile q of sorted numbers, linear between order statistics. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (position - below) * (sorted[above]! - sorted[below]!);
}

/**
 * The central interval of bootstrap replicates. Replicates that are not finite (a resample without a positive,
 * say) are left out; null when fewer than two are left, or nearly all are alike. With `centre`, the replicates are first shifted so that
 * their mean is that value.
 */
export function percentileInterval(
  replicates: ArrayLike<number>,
  level = 0.95,
  centre?: number,
): [number, number] | null {
  const sorted = Float64Array.from(replicates).filter(Number.isFinite).sort();
  if (sorted.length < 2) return null;
  const tail = (1 - level) / 2;
  const shift = centre === undefined ? 0 : centre - sorted.reduce((a, b) => a + b, 0) / sorted.length;
  return unlessAlike([quantile(sorted, tail) + shift, quantile(sorted, 1 - tail) + shift]);
}

/**
 * Examples from which resamples tell an interval: six at 95 %. Means of resamples lie between the smallest and the largest number, and
 * all n numbers lie on one side of the middle of their distribution with probability 2^(1 - n).
 */
const fewestResampled = (level: number): number => Math.ceil(1 - Math.log2(1 - level));

/** What is known of a number beside its replicates. */
interface Resampled extends Pick<Estimate, 'value' | 'n' | 'level'> {
  /** Where two sides are drawn apart: the examples of the smaller one. Default: n. */
  fewest?: number;
  /** Of biased replicates: they are shifted to centre on the value, and cut to this range, which the value has anyway. */
  centredWithin?: readonly [number, number] | undefined;
}

/** An estimate with the percentile interval of its replicates, or with the reason why it has none. */
export function resampledEstimate(
  replicates: ArrayLike<number>,
  { value, n, level, fewest = n, centredWithin }: Resampled,
): Estimate {
  const none: Estimate = { value, n, interval: null, level, method: 'none' };
  if (fewest === 0 || !Number.isFinite(value)) return none;
  if (fewest === 1) return { ...none, why: NO_INTERVAL.one };
  if (fewest < fewestResampled(level)) return { ...none, why: NO_INTERVAL.few };
  const interval = percentileInterval(replicates, level, centredWithin && value);
  if (!interval) return { ...none, why: NO_INTERVAL.resamples };
  if (!centredWithin) return { ...none, interval, method: 'bootstrap' };
  const [least, most] = centredWithin;
  const cut = mapTuple(interval, (end) => Math.max(least, Math.min(most, end)));
  return { ...none, interval: cut, method: 'bootstrap-centred' };
}

/**
 * A statistic of n examples with a percentile bootstrap interval (Efron 1979). `statistic` is given example
 * numbers 0..n-1, repeated as drawn; the value is the statistic of each example once. n = 0 gives NaN, fewer than
 * six no interval at 95 %.
 */
export function bootstrap(
  n: number,
  statistic: (indices: Int32Array) => number,
  options: BootstrapOptions,
): Estimate {
  const { resamples = 1000, level = 0.95 } = options;
  if (n === 0) return { value: Number.NaN, n, interval: null, level, method: 'none' };
  const indices = Int32Array.from({ length: n }, (_, i) => i);
  const value = statistic(indices);
  const replicates = new Float64Array(resamples);
  for (let b = 0; b < resamples; b++) {
    resample(indices, n, b, options);
    replicates[b] = statistic(indices);
    options.step?.(b + 1, resamples);
  }
  return resampledEstimate(replicates, { value, n, level });
}

/**
 * The difference a - b of a statistic between two systems measured on the same n examples: both are computed on
 * the same resamples, so that what is easy or hard for both cancels.
 */
export function pairedBootstrap(
  n: number,
  a: (indices: Int32Array) => number,
  b: (indices: Int32Array) => number,
  options: BootstrapOptions,
): Estimate {
  return bootstrap(n, (indices) => a(indices) - b(indices), options);
}

/** The mean of one number per example, as a statistic for `bootstrap`. */
export function meanStatistic(values: ArrayLike<number>): (indices: Int32Array) => number {
  return (indices) => {
    let sum = 0;
    for (let i = 0; i < indices.length; i++) sum += values[indices[i]!]!;
    return sum / indices.length;
  };
}
