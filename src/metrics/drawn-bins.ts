import { type Binning, type BinSums, emptySums } from './binning.js';
import { groupOrder } from './group-order.js';

/*
 * Sums per bin of resamples, given as how often each example was drawn: (n). Examples are brought into the order of their
 * bins once, so that each sum is made in a register: in memory, it would wait for the one before at every example.
 * The loops over examples are functions of their own, and their sums begin as -0, which is a double: the engine then
 * makes them several times faster.
 */

/**
 * `binSums` of resamples.
 * @param predicted (n)
 * @param observed (n) 0 or 1
 * @returns the sums are used again in the next call
 */
export function drawnBinSums(
  { edges, bin }: Binning,
  predicted: Float64Array,
  observed: Uint8Array,
): (times: Uint8Array) => BinSums {
  const sums = emptySums(edges.length - 1);
  const { starts, order } = groupOrder(bin, sums.count.length);
  const p = Float64Array.from(order, (i) => predicted[i]);
  const y = Uint8Array.from(order, (i) => observed[i]);
  const addBin = (b: number, times: Uint8Array) => {
    let count = -0;
    let sumOfP = -0;
    let sumOfY = -0;
    for (let at = starts[b]; at < starts[b + 1]; at++) {
      const weight = times[order[at]];
      count += weight;
      sumOfP += weight * p[at];
      sumOfY += weight * y[at];
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
 */
export function drawnGaps(
  { edges, bin }: Binning,
  predicted: Float64Array,
  observed: Uint8Array,
): (times: Uint8Array) => number {
  const bins = edges.length - 1;
  const { starts, order } = groupOrder(bin, bins);
  const gaps = Float64Array.from(order, (i) => predicted[i] - observed[i]);
  return (times) => {
    let total = 0;
    for (let b = 0; b < bins; b++) total += Math.abs(sumOf(gaps, order, times, starts[b], starts[b + 1]));
    return total;
  };
}

function sumOf(values: Float64Array, order: Int32Array, times: Uint8Array, from: number, to: number): number {
  let sum = -0;
  for (let at = from; at < to; at++) sum += times[order[at]] * values[at];
  return sum;
}
