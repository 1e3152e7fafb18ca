import { groupOrder } from '../ranking/group-order.js';
import { singly, type Units } from '../resampling/resampling-units.js';
import { type Binning, type BinSums, emptySums } from './binning.js';

/*
 * Sums per bin of resamples, given as how often each unit was drawn. Examples are brought into the order of their bins once,
 * so that each sum is made in a register: in memory, it would wait for the one before at every example. Those of one bin
 * and one unit come and go together, and become one entry.
 * The loops over entries are functions of their own, and their sums begin as -0, which is a double: the engine then
 * makes them several times faster.
 */

/** Examples of one bin and one unit. */
export interface Entries {
  /** (bins + 1) where the entries of each bin begin, and at last where all end. */
  starts: Int32Array;
  /** (entries) */
  unit: Int32Array;
  /** (entries) the sum over the examples of each entry. */
  sumsOf(values: ArrayLike<number>): Float64Array;
}

/** @param bin (n) numbers from 0 to bins - 1 */
export function entriesOf(bin: Int32Array, bins: number, { count, of }: Units): Entries {
  if (!of) {
    const { starts, order } = groupOrder(bin, bins);
    return { starts, unit: order, sumsOf: (values) => Float64Array.from(order, (i) => values[i]!) };
  }
  // A cell for each bin and unit: those with examples are the entries, by bin and then by unit.
  const cellOf = (i: number) => bin[i]! * count + of[i]!;
  const entry = new Int32Array(bins * count);
  for (let i = 0; i < of.length; i++) entry[cellOf(i)]!++;
  const starts = new Int32Array(bins + 1);
  const unit = new Int32Array(Math.min(of.length, entry.length));
  let entries = 0;
  for (let cell = 0; cell < entry.length; cell++) {
    if (cell % count === 0) starts[cell / count] = entries;
    if (entry[cell] === 0) continue;
    unit[entries] = cell % count;
    entry[cell] = entries++;
  }
  starts[bins] = entries;
  return {
    starts,
    unit: unit.slice(0, entries),
    sumsOf(values) {
      const sums = new Float64Array(entries);
      for (let i = 0; i < of.length; i++) sums[entry[cellOf(i)]!]! += values[i]!;
      return sums;
    },
  };
}

/**
 * `binSums` of resamples.
 * @param predicted (n)
 * @param observed (n) 0 or 1
 * @param units what is drawn; default: examples
 * @returns the sums are used again in the next call
 */
export function drawnBinSums(
  { edges, bin }: Binning,
  predicted: Float64Array,
  observed: Uint8Array,
  units: Units = singly(bin.length),
): (times: Uint8Array) => BinSums {
  const sums = emptySums(edges.length - 1);
  const { starts, unit, sumsOf } = entriesOf(bin, sums.count.length, units);
  const size = sumsOf(new Uint8Array(bin.length).fill(1));
  const p = sumsOf(predicted);
  const y = sumsOf(observed);
  const addBin = (b: number, times: Uint8Array) => {
    let count = -0;
    let sumOfP = -0;
    let sumOfY = -0;
    for (let at = starts[b]!; at < starts[b + 1]!; at++) {
      const weight = times[unit[at]!]!;
      count += weight * size[at]!;
      sumOfP += weight * p[at]!;
      sumOfY += weight * y[at]!;
    }
    sums.n += count;
    sums.count[b] = count + 0;
    sums.predicted[b] = sumOfP + 0;
    sums.observed[b] = sumOfY + 0;
  };
  return (times) => {
    sums.n = 0;
    for (let b = 0; b < sums.count.length; b++) addBin(b, times);
    return sums;
  };
}

/**
 * n ECE of resamples, sum_b |sum predicted - sum observed|, for which one sum a bin is enough.
 * @param predicted (n)
 * @param observed (n) 0 or 1
 * @param units what is drawn; default: examples
 */
export function drawnGaps(
  { edges, bin }: Binning,
  predicted: Float64Array,
  observed: Uint8Array,
  units: Units = singly(bin.length),
): (times: Uint8Array) => number {
  const bins = edges.length - 1;
  const { starts, unit, sumsOf } = entriesOf(bin, bins, units);
  const gaps = sumsOf(predicted.map((p, i) => p - observed[i]!));
  return (times) => {
    let total = 0;
    for (let b = 0; b < bins; b++) total += Math.abs(sumOf(gaps, unit, times, starts[b]!, starts[b + 1]!));
    return total;
  };
}

function sumOf(values: Float64Array, unit: Int32Array, times: Uint8Array, from: number, to: number): number {
  let sum = -0;
  for (let at = from; at < to; at++) sum += times[unit[at]!]! * values[at]!;
  return sum;
}
