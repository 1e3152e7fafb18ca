import { mapTuple } from '../../map-tuple.js';
import type { Estimate } from '../estimates/estimate.js';
import { type BootstrapOptions, resampledEstimate } from '../estimates/intervals.js';
import { pivotedCholesky } from '../linear-algebra/pivoted-cholesky.js';
import { singularValues } from '../linear-algebra/singular-values.js';
import { countedResamples } from '../resampling/draw-counts.js';
import { type FeatureTable, type Moments, momentsOf } from './moments.js';

/**
 * The squared Frechet (2-Wasserstein) distance of two Gaussians: |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2)
 * (Dowson & Landau 1982; Heusel et al. 2017, equation 6). With S = L L' the last trace is the sum of the singular values of
 * L2' L1: nothing is inverted, no complex root taken, and singular covariances need no ridge. NaN for fewer than two
 * images.
 */
export function frechetDistance(a: Moments, b: Moments): number {
  if (a.n < 2 || b.n < 2) return Number.NaN;
  const { width } = a;
  let distance = 0;
  for (let k = 0; k < width; k++) {
    distance += (a.mean[k]! - b.mean[k]!) ** 2;
    distance += a.covariance[k * width + k]! + b.covariance[k * width + k]!;
  }
  const [rootA, rootB] = [rootOf(a), rootOf(b)];
  const shared = singularValues(product(rootB, rootA, width), rootB.rank, rootA.rank);
  return Math.max(0, distance - 2 * shared.reduce((sum, value) => sum + value, 0));
}

interface Root {
  /** (rank, width): L', rows one after the other. */
  rows: Float64Array;
  rank: number;
}

/** L' with L L' the covariance, up to its rank. */
function rootOf({ covariance, width }: Moments): Root {
  const { lower, order, rank } = pivotedCholesky(covariance, width);
  const rows = new Float64Array(rank * width);
  for (let i = 0; i < width; i++)
    for (let k = 0; k < rank; k++) rows[k * width + order[i]!] = lower[i * width + k]!;
  return { rows, rank };
}

/** A B' for matrices whose rows are `width` long. */
function product(a: Root, b: Root, width: number): Float64Array {
  const result = new Float64Array(a.rank * b.rank);
  for (let i = 0; i < a.rank; i++)
    for (let j = 0; j < b.rank; j++) {
      let sum = 0;
      for (let k = 0; k < width; k++) sum += a.rows[i * width + k]! * b.rows[j * width + k]!;
      result[i * b.rank + j] = sum;
    }
  return result;
}

/**
 * The distance of two sets of features, with a bootstrap interval over the images of both. The estimate is biased upwards
 * by about a constant over n (Chong & Forsyth 2020), and so are replicates against it: they are shifted so that they centre
 * on the value. The interval says how far the value would move with other images as many, not where the distance of
 * infinitely many lies.
 * @param resamples 0: no interval
 */
export function frechetEstimate(
  a: FeatureTable,
  b: FeatureTable,
  options: BootstrapOptions & { resamples: number },
): Estimate {
  const { resamples, level = 0.95, step } = options;
  const value = frechetDistance(momentsOf(a), momentsOf(b));
  const n = a.n;
  if (!Number.isFinite(value) || resamples === 0) return { value, n, interval: null, level, method: 'none' };
  const [timesA, timesB] = mapTuple([a, b], (table, side) =>
    countedResamples(table.n, { ...options, purpose: `frechet-${side}` }),
  );
  const replicates = Float64Array.from({ length: resamples }, (_, r) => {
    step?.(r + 1, resamples);
    return frechetDistance(momentsOf(a, timesA(r)), momentsOf(b, timesB(r)));
  });
  const fewest = Math.min(a.n, b.n);
  return resampledEstimate(replicates, { value, n, level, fewest, centredWithin: [0, Infinity] });
}
