import type { Step } from '../estimates/intervals.js';
import type { FeatureTable } from './moments.js';

/**
 * Which images of two sets lie where the others do. A set is taken for the union of closed balls, one around each image of
 * it, out to its k-th nearest neighbour among the others of its set (L2 distance of features).
 */
export interface Manifolds {
  /**
   * (samples): balls of real images that hold the sample. Precision is the share of samples with one or more
   * (Kynkaanniemi et al. 2019, equation 3), density the mean divided by k (Naeem et al. 2020, equation 4).
   */
  held: Int32Array;
  /** (real): 1 where a ball of a sample holds the image; recall is the mean (Kynkaanniemi et al. 2019, equation 4). */
  recalled: Uint8Array;
  /** (real): 1 where the image's own ball holds a sample; coverage is the mean (Naeem et al. 2020, equation 5). */
  covered: Uint8Array;
}

/**
 * Undefined where a set has no more than k images, which then have no k-th neighbour. Balls are closed, as in the papers:
 * public code of the second has them open, which matters only for images that are there twice.
 * @param k 3 in the first paper, 5 in the second
 */
export function manifoldsOf(
  samples: FeatureTable,
  real: FeatureTable,
  k: number,
  step?: Step,
): Manifolds | undefined {
  if (samples.n <= k || real.n <= k) return undefined;
  const [around, aroundReal] = [reaches(samples, k), knownReaches(real, k)];
  const held = new Int32Array(samples.n);
  const recalled = new Uint8Array(real.n);
  const covered = new Uint8Array(real.n);
  for (let i = 0; i < samples.n; i++) {
    for (let j = 0; j < real.n; j++) {
      const distance = squaredDistance(samples, i, real, j);
      if (distance <= around[i]!) recalled[j] = 1;
      if (distance > aroundReal[j]!) continue;
      held[i]!++;
      covered[j] = 1;
    }
    step?.(i + 1, samples.n);
  }
  return { held, recalled, covered };
}

/**
 * Coverage on average where both sets are of one distribution, whatever it is: 1 minus the chance that the k nearest of all
 * other images are real ones (Naeem et al. 2020, lemma 2). Density is then 1.
 */
export function coverageOfSame(samples: number, real: number, k: number): number {
  let none = 1;
  for (let j = 1; j <= k; j++) none *= (real - j) / (real + samples - j);
  return 1 - none;
}

function squaredDistance(a: FeatureTable, i: number, b: FeatureTable, j: number): number {
  const { width } = a;
  let sum = 0;
  for (let at = i * width, to = j * width, end = at + width; at < end; at++, to++) {
    const apart = a.data[at]! - b.data[to]!;
    sum += apart * apart;
  }
  return sum;
}

/** (n): squared distance of each image from its k-th nearest neighbour in its own set. */
function reaches(table: FeatureTable, k: number): Float64Array {
  const { n } = table;
  /** (n, k), ascending. */
  const nearest = new Float64Array(n * k).fill(Number.POSITIVE_INFINITY);
  const meet = (i: number, distance: number) => {
    let at = (i + 1) * k - 1;
    if (distance >= nearest[at]!) return;
    for (; at > i * k && nearest[at - 1]! > distance; at--) nearest[at] = nearest[at - 1]!;
    nearest[at] = distance;
  };
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) {
      const distance = squaredDistance(table, i, table, j);
      meet(i, distance);
      meet(j, distance);
    }
  return Float64Array.from({ length: n }, (_, i) => nearest[(i + 1) * k - 1]!);
}

/** Several sets of samples are compared with one reference, whose own distances are most of the work. */
const known = new WeakMap<object, { k: number; found: Float64Array }>();

function knownReaches(table: FeatureTable, k: number): Float64Array {
  const before = known.get(table.data);
  if (before && before.k === k && before.found.length === table.n) return before.found;
  const radii = reaches(table, k);
  known.set(table.data, { k, found: radii });
  return radii;
}
