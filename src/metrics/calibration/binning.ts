import { AssayError } from '../../errors.js';

/**
 * Values in [0, 1] sorted into bins that are right-closed, (lo, hi], the first one closed on both sides, so that
 * a value of exactly 0 or 1 is counted.
 */
export interface Binning {
  /** (bins + 1) from 0 to 1, increasing (the first two may both be 0: a bin that holds zeros only). */
  edges: Float64Array;
  /** (n) the bin of each value. */
  bin: Int32Array;
}

/** Counts and sums in each bin; n is the total count. */
export interface BinSums {
  n: number;
  count: Float64Array;
  /** Sum of the predicted probabilities. */
  predicted: Float64Array;
  /** Sum of the outcomes, which are 0 or 1. */
  observed: Float64Array;
}

function checkProbabilities(values: ArrayLike<number>, bins: number): void {
  if (!Number.isInteger(bins) || bins < 1) {
    throw new AssayError('config-invalid', 'the number of bins is not a positive integer', {
      found: String(bins),
    });
  }
  for (let i = 0; i < values.length; i++) {
    if (values[i]! >= 0 && values[i]! <= 1) continue;
    throw new AssayError('data-invalid', 'calibration needs probabilities', {
      path: `example ${i}`,
      expected: 'a number in [0, 1]',
      found: String(values[i]),
      hint: 'pass softmax outputs, not logits',
    });
  }
}

/** The bin whose (edges[b], edges[b + 1]] holds the value; 0 for the value 0. */
export function binOf(value: number, edges: Float64Array): number {
  let lo = 0;
  let hi = edges.length - 2;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (value <= edges[mid + 1]!) hi = mid;
    else lo = mid + 1;
  }
  return lo;
}

function withEdges(values: ArrayLike<number>, edges: Float64Array): Binning {
  const bin = new Int32Array(values.length);
  for (let i = 0; i < bin.length; i++) bin[i] = binOf(values[i]!, edges);
  return { edges, bin };
}

/** Bins of equal width. Errors: `data-invalid` outside [0, 1] or NaN. */
export function equalWidth(values: ArrayLike<number>, bins: number): Binning {
  checkProbabilities(values, bins);
  const edges = Float64Array.from({ length: bins + 1 }, (_, b) => b / bins);
  const bin = new Int32Array(values.length);
  for (let i = 0; i < bin.length; i++) {
    const value = values[i]!;
    // A product may round across an edge: the edges decide, as in `binOf`.
    let b = Math.max(0, Math.ceil(value * bins) - 1);
    while (b > 0 && value <= edges[b]!) b--;
    while (b < bins - 1 && value > edges[b + 1]!) b++;
    bin[i] = b;
  }
  return { edges, bin };
}

/**
 * Bins of equal mass: the sorted values are cut into chunks of equal size, the first n mod bins of them one larger,
 * and inner edges are the midpoints between neighbouring chunks (Kumar et al. 2019). Equal values share a bin, the one
 * where the first of them lies, whatever the order of the examples: ties make bins uneven, or fewer.
 * Errors: as `equalWidth`.
 */
export function equalMass(values: ArrayLike<number>, bins: number): Binning {
  checkProbabilities(values, bins);
  const sorted = Float64Array.from(values).sort();
  const n = sorted.length;
  const chunks = Math.min(bins, n);
  const inner: number[] = [];
  for (let b = 1; b < chunks; b++) {
    const start = b * Math.floor(n / chunks) + Math.min(b, n % chunks);
    const [below, above] = [sorted[start - 1]!, sorted[start]!];
    const middle = (below + above) / 2;
    // The midpoint of neighbouring floats may be the upper one, which does not belong to the bin.
    const edge = middle < above ? middle : below;
    // Bins that would hold nothing are left out: their chunk belongs to the bin before.
    if (below > (inner.at(-1) ?? -1) && edge < sorted[n - 1]!) inner.push(edge);
  }
  return withEdges(values, Float64Array.from([0, ...inner, 1]));
}

/** Sums per bin, of every example once. */
export function binSums(
  { edges, bin }: Binning,
  predicted: ArrayLike<number>,
  observed: ArrayLike<number>,
): BinSums {
  const sums = emptySums(edges.length - 1);
  sums.n = bin.length;
  for (let i = 0; i < bin.length; i++) {
    const b = bin[i]!;
    sums.count[b]!++;
    sums.predicted[b]! += predicted[i]!;
    sums.observed[b]! += observed[i]!;
  }
  return sums;
}

/** Sums of no example. */
export const emptySums = (bins: number): BinSums => ({
  n: 0,
  count: new Float64Array(bins),
  predicted: new Float64Array(bins),
  observed: new Float64Array(bins),
});
