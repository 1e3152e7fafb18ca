import { type BootstrapOptions, resample } from './intervals.js';

/**
 * Resamples of n examples as how often they hold each: the draws of `resample`, counted. Statistics of counts read the
 * data once and in order, where indices send them here and there, which is slow for data that outgrow the cache. A count
 * is below 256: of many draws, one example takes so many with a chance below 1e-500.
 * @returns a function of the number of the resample; the array that it gives, (n), is used again
 */
export function countedResamples(n: number, options: BootstrapOptions): (replicate: number) => Uint8Array {
  const indices = new Int32Array(n);
  const times = new Uint8Array(n);
  return (replicate) => {
    resample(indices, n, replicate, options);
    count(indices, times);
    return times;
  };
}

function count(indices: Int32Array, times: Uint8Array): void {
  times.fill(0);
  for (let i = 0; i < indices.length; i++) times[indices[i]]++;
}

/** How many draws these counts are. */
export function drawn(times: Uint8Array): number {
  let n = 0;
  for (let i = 0; i < times.length; i++) n += times[i];
  return n;
}

/** The mean of one number per example, each counted as often as it was drawn: a statistic for `jointBootstrap`. */
export function meanOfDraws(values: Float64Array): (times: Uint8Array) => number {
  return (times) => {
    // A double from the start: see drawn-bins.ts.
    let sum = -0;
    for (let i = 0; i < times.length; i++) sum += times[i] * values[i];
    return sum / drawn(times);
  };
}
