import { type BootstrapOptions, drawsOf } from './intervals.js';

/** Draws that are made at a time: 16 KiB, which stay in the cache. */
const CHUNK = 4096;

/**
 * Fills `times` with resample number `replicate` as how often it holds each example: the draws of `resample`, counted.
 * Statistics of counts read the data once and in order, where indices send them here and there: several times slower
 * when the data outgrow the cache. A count is below 256: of 256 draws or more, one example takes so many with a
 * chance below 1e-500.
 */
export function resampleCounts(times: Uint8Array, replicate: number, options: BootstrapOptions): void {
  const n = times.length;
  const draws = drawsOf(replicate, options);
  const scale = n / 2 ** 32;
  const chunk = new Uint32Array(Math.min(n, CHUNK));
  times.fill(0);
  for (let made = 0; made < n; made += chunk.length) {
    const some = chunk.subarray(0, n - made);
    draws.uint32s(some);
    for (let i = 0; i < some.length; i++) times[(some[i] * scale) | 0]++;
  }
}

/** The mean of one number per example, each counted as often as it was drawn: a statistic for `jointBootstrap`. */
export function meanOfDraws(values: Float64Array): (times: Uint8Array) => number {
  return (times) => {
    let sum = 0;
    let n = 0;
    for (let i = 0; i < times.length; i++) {
      sum += times[i] * values[i];
      n += times[i];
    }
    return sum / n;
  };
}
