import type { Estimate } from './estimate.js';
import { type BootstrapOptions, percentileInterval, resample } from './intervals.js';

export interface JointOptions<K extends string> extends BootstrapOptions {
  /**
   * Statistics whose replicates are biased (ECE and its kin: resampling adds noise that a mean of absolute gaps
   * counts as error). Their replicates are shifted to centre on the value.
   */
  centred?: readonly K[];
  /** Intervals are cut to this range, which every statistic has anyway. */
  within?: readonly [number, number];
}

/**
 * Several statistics of n examples with percentile bootstrap intervals (Efron 1979), all from the same resamples:
 * one set of draws instead of one for each. `statistics` is given example numbers 0..n-1, repeated as drawn, and
 * returns the same names each time. n = 0 gives NaN without intervals.
 */
export function jointBootstrap<K extends string>(
  n: number,
  statistics: (indices: Int32Array) => Record<K, number>,
  options: JointOptions<NoInfer<K>>,
): Record<K, Estimate> {
  const { resamples = 1000, level = 0.95, centred = [], within } = options;
  const indices = Int32Array.from({ length: n }, (_, i) => i);
  const values = statistics(indices);
  const names = Object.keys(values) as K[];
  const replicates = new Map(names.map((name) => [name, new Float64Array(n === 0 ? 0 : resamples)]));
  for (let b = 0; n > 0 && b < resamples; b++) {
    resample(indices, n, b, options);
    const drawn = statistics(indices);
    for (const [name, of] of replicates) of[b] = drawn[name];
  }
  const estimate = (name: K): Estimate => {
    const value = n === 0 ? Number.NaN : values[name];
    const centre = centred.includes(name);
    const raw = Number.isFinite(value)
      ? percentileInterval(replicates.get(name) ?? [], level, centre ? value : undefined)
      : null;
    const clip = (x: number) => (within ? Math.max(within[0], Math.min(within[1], x)) : x);
    const interval: Estimate['interval'] = raw && [clip(raw[0]), clip(raw[1])];
    return {
      value,
      n,
      interval,
      level,
      method: interval ? (centre ? 'bootstrap-centred' : 'bootstrap') : 'none',
    };
  };
  return Object.fromEntries(names.map((name) => [name, estimate(name)])) as Record<K, Estimate>;
}
