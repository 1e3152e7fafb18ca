import { type BootstrapOptions, resample } from '../estimates/intervals.js';
import { singly, sizesOfUnits, sumsOfUnits, type Units, unitsOf } from './resampling-units.js';

/**
 * Resamples as how often they hold each unit: the draws of `resample`, counted. Statistics of counts read the data once and
 * in order, where indices send them here and there, which is slow for data that outgrow the cache. A count is below 256:
 * of many draws, one unit takes so many with a chance below 1e-500.
 */
export interface Resamples {
  units: Units;
  /** A resample by its number: (units.count). The array is used again. */
  draw(replicate: number): Uint8Array;
  /** The last resample as how often it holds each example: (n). The array is used again. */
  perExample(): Uint8Array;
}

export function resamplesOf(n: number, options: BootstrapOptions): Resamples {
  const units = unitsOf(n, options.seed);
  const indices = new Int32Array(units.count);
  const times = new Uint8Array(units.count);
  const ofExamples = units.of ? new Uint8Array(n) : times;
  return {
    units,
    draw(replicate) {
      resample(indices, units.count, replicate, options);
      count(indices, times);
      return times;
    },
    perExample() {
      if (units.of) spread(times, units.of, ofExamples);
      return ofExamples;
    },
  };
}

/** Resamples of n examples as how often they hold each: (n). The array is used again. */
export function countedResamples(n: number, options: BootstrapOptions): (replicate: number) => Uint8Array {
  const { draw, perExample } = resamplesOf(n, options);
  return (replicate) => {
    draw(replicate);
    return perExample();
  };
}

function count(indices: Int32Array, times: Uint8Array): void {
  times.fill(0);
  for (let i = 0; i < indices.length; i++) times[indices[i]!]!++;
}

function spread(times: Uint8Array, unit: Uint16Array, into: Uint8Array): void {
  for (let i = 0; i < unit.length; i++) into[i] = times[unit[i]!]!;
}

/** How many draws these counts are. */
export function drawn(times: Uint8Array): number {
  let n = 0;
  for (let i = 0; i < times.length; i++) n += times[i]!;
  return n;
}

/** How many examples drawn units hold. */
export function drawnExamples(units: Units): (times: Uint8Array) => number {
  if (!units.of) return drawn;
  const sizes = sizesOfUnits(units);
  return (times) => weighted(times, sizes);
}

/**
 * The mean of one number per example, each counted as often as it was drawn: a statistic for `jointBootstrap`.
 * @param values (n)
 * @param units what is drawn; default: examples
 */
export function meanOfDraws(
  values: Float64Array,
  units: Units = singly(values.length),
): (times: Uint8Array) => number {
  const sums = units.of ? sumsOfUnits(units, values) : values;
  const examples = drawnExamples(units);
  return (times) => weighted(times, sums) / examples(times);
}

function weighted(times: Uint8Array, values: Float64Array): number {
  // A double from the start: see drawn-bins.ts.
  let sum = -0;
  for (let i = 0; i < times.length; i++) sum += times[i]! * values[i]!;
  return sum;
}
