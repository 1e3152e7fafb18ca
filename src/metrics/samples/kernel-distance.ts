import { normalQuantile } from '../distributions/distributions.js';
import type { Estimate } from '../estimates/estimate.js';
import { NO_INTERVAL, orWhy } from '../estimates/unless-alike.js';
import type { FeatureTable } from './moments.js';

/**
 * The squared maximum mean discrepancy of two sets of features under k(x, y) = (x'y / width + 1)^3, unbiased: the "kernel
 * inception distance" (Binkowski et al. 2018, section 4). Near zero for equal distributions, and below it by chance. Over all
 * pairs, not a mean over subsets. The interval is a normal one; its variance that of the jackknife over the images of either
 * set, which follows from the sums of each row of the kernel matrices.
 * Source of the estimator: Gretton et al. 2012, lemma 6. NaN for a set of fewer than two images.
 */
export function kernelDistance(a: FeatureTable, b: FeatureTable, level = 0.95): Estimate {
  if (a.n < 2 || b.n < 2) return { value: Number.NaN, n: a.n, interval: null, level, method: 'none' };
  const within = [a, b].map(knownSums);
  const across = crossSums(a, b);
  const own = within.map((sums) => total(sums) / (sums.length * (sums.length - 1)));
  const value = own[0]! + own[1]! - (2 * total(across.a)) / (a.n * b.n);
  if (a.n < 3 || b.n < 3)
    return { value, n: a.n, interval: null, level, method: 'none', why: NO_INTERVAL.few };
  const variance = leaveOneOut(within[0]!, across.a, b.n) + leaveOneOut(within[1]!, across.b, a.n);
  const half = normalQuantile(level) * Math.sqrt(variance);
  return orWhy(
    { value, n: a.n, level, method: 'jackknife' },
    [value - half, value + half],
    NO_INTERVAL.alike,
  );
}

function kernel(a: FeatureTable, i: number, b: FeatureTable, j: number): number {
  const { width } = a;
  let dot = 0;
  for (let k = 0; k < width; k++) dot += a.data[i * width + k]! * b.data[j * width + k]!;
  return (dot / width + 1) ** 3;
}

/** Several sets of samples are compared with one reference, whose own sums are most of the work. */
const known = new WeakMap<object, { table: FeatureTable; sums: Float64Array }>();

function knownSums(table: FeatureTable): Float64Array {
  const entry = known.get(table.data);
  if (entry && entry.table.n === table.n && entry.table.width === table.width) return entry.sums;
  const sums = ownSums(table);
  known.set(table.data, { table, sums });
  return sums;
}

/** For each image, the sum of its kernel with all others of the set. */
function ownSums(table: FeatureTable): Float64Array {
  const sums = new Float64Array(table.n);
  for (let i = 0; i < table.n; i++)
    for (let j = 0; j < i; j++) {
      const value = kernel(table, i, table, j);
      sums[i]! += value;
      sums[j]! += value;
    }
  return sums;
}

/** For each image of either set, the sum of its kernel with all of the other. */
function crossSums(a: FeatureTable, b: FeatureTable): { a: Float64Array; b: Float64Array } {
  const sums = { a: new Float64Array(a.n), b: new Float64Array(b.n) };
  for (let i = 0; i < a.n; i++)
    for (let j = 0; j < b.n; j++) {
      const value = kernel(a, i, b, j);
      sums.a[i]! += value;
      sums.b[j]! += value;
    }
  return sums;
}

/**
 * The same as a function of how often each image was drawn, (a.n) and (b.n): what was drawn twice counts as two images. Keeps
 * (a.n + b.n)^2 numbers.
 */
export function drawnKernelDistance(
  a: FeatureTable,
  b: FeatureTable,
): (timesA: ArrayLike<number>, timesB: ArrayLike<number>) => number {
  const [withinA, withinB, across] = [kernels(a, a), kernels(b, b), kernels(a, b)];
  return (timesA, timesB) => {
    const own = (values: Float64Array, times: ArrayLike<number>) => {
      const n = total(Float64Array.from(times));
      let sum = weighted(values, times, times);
      // A draw is no partner of its own.
      for (let i = 0; i < times.length; i++) sum -= times[i]! * values[i * times.length + i]!;
      return { n, mean: sum / (n * (n - 1)) };
    };
    const [ofA, ofB] = [own(withinA, timesA), own(withinB, timesB)];
    return ofA.mean + ofB.mean - (2 * weighted(across, timesA, timesB)) / (ofA.n * ofB.n);
  };
}

/** (a.n, b.n) */
function kernels(a: FeatureTable, b: FeatureTable): Float64Array {
  const values = new Float64Array(a.n * b.n);
  for (let i = 0; i < a.n; i++) for (let j = 0; j < b.n; j++) values[i * b.n + j] = kernel(a, i, b, j);
  return values;
}

function weighted(values: Float64Array, rows: ArrayLike<number>, columns: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < rows.length; i++) {
    if (rows[i] === 0) continue;
    let row = 0;
    for (let j = 0; j < columns.length; j++) row += columns[j]! * values[i * columns.length + j]!;
    sum += rows[i]! * row;
  }
  return sum;
}

/** The jackknife's variance over the images of one set. @param others size of the other */
function leaveOneOut(own: Float64Array, cross: Float64Array, others: number): number {
  const n = own.length;
  const [all, between] = [total(own), total(cross)];
  const values = own.map(
    (sum, i) => (all - 2 * sum) / ((n - 1) * (n - 2)) - (2 * (between - cross[i]!)) / ((n - 1) * others),
  );
  const mean = total(values) / n;
  return ((n - 1) / n) * values.reduce((squares, value) => squares + (value - mean) ** 2, 0);
}

const total = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);
