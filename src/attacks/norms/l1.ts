import { kthLargest } from './kth-largest.js';
import type { Norm } from './norm.js';

/** One of so many coordinates is moved in a step: the 99th percentile of Tramer & Boneh 2019. */
const SPARSE = 100;

/**
 * x + size * sign(gradient) / k on the k coordinates of the steepest slope and 0 elsewhere. Equal slopes go together,
 * coordinates without a slope stay; k below 1 means 1.
 */
export function sparseStep(x: Float32Array, gradient: Float32Array, size: number, k: number): Float32Array {
  const slopes = gradient.map(Math.abs);
  const least = Math.max(Number.MIN_VALUE, kthLargest(slopes.slice(), Math.max(1, k)));
  let moved = 0;
  for (let i = 0; i < slopes.length; i++) if (slopes[i] >= least) moved++;
  const out = x.slice();
  for (let i = 0; i < slopes.length; i++) {
    if (slopes[i] >= least) out[i] += gradient[i] > 0 ? size / moved : -size / moved;
  }
  return out;
}

/** The length that `shrink` leaves, and how many coordinates a larger threshold would still change. */
function left(x: Float32Array, x0: Float32Array, threshold: number): [sum: number, free: number] {
  let [sum, free] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    const delta = x[i] - x0[i];
    const room = delta > 0 ? 1 - x0[i] : x0[i];
    const kept = Math.abs(delta) - threshold;
    if (kept >= room) sum += room;
    else if (kept > 0) {
      sum += kept;
      free++;
    }
  }
  return [sum, free];
}

/** x0 + (x - x0), every change made smaller by the threshold and cut off at the box. */
function shrink(x: Float32Array, x0: Float32Array, threshold: number, out: Float32Array): Float32Array {
  for (let i = 0; i < x.length; i++) {
    const delta = x[i] - x0[i];
    const kept = Math.max(0, Math.abs(delta) - threshold);
    out[i] = Math.min(1, Math.max(0, delta > 0 ? x0[i] + kept : x0[i] - kept));
  }
  return out;
}

/**
 * The threshold at which `shrink` leaves epsilon: the multiplier of the ball in the KKT conditions of the projection
 * on ball and box (Croce & Hein 2021, "Mind the box"). What is left falls with the threshold, linearly between the
 * changes and the changes less their room, so Newton's method ends on the exact piece; where it is slow, the bracket
 * is halved.
 */
function multiplier(x: Float32Array, x0: Float32Array, epsilon: number): number {
  let [low, high] = [0, 0];
  for (let i = 0; i < x.length; i++) high = Math.max(high, Math.abs(x[i] - x0[i]));
  let at = 0;
  let before = Number.POSITIVE_INFINITY;
  for (;;) {
    const [sum, free] = left(x, x0, at);
    const excess = sum - epsilon;
    if (Math.abs(excess) <= 1e-12 * epsilon) return at;
    if (excess > 0) low = at;
    else high = at;
    const newton = at + excess / free;
    const quick = newton > low && newton < high && Math.abs(excess) < before / 2;
    const next = quick ? newton : (low + high) / 2;
    if (next <= low || next >= high) return high;
    [at, before] = [next, Math.abs(excess)];
  }
}

/** Sum of absolute values. */
export const L1: Norm = {
  name: 'L1',
  epsilons: ['4', '8', '12'],
  /** d of d + 1 exponential draws over their sum, with random signs, are uniform in the ball. */
  randomStart(x0, epsilon, source) {
    const draws = Float64Array.from({ length: x0.length + 1 }, () => -Math.log(1 - source.uniform()));
    const scale = epsilon / draws.reduce((a, b) => a + b, 0);
    const moved = x0.map((a, i) => (source.uniform() < 0.5 ? a - scale * draws[i] : a + scale * draws[i]));
    return L1.project(moved, x0, epsilon);
  },
  /** Not uniform: the nearest point to one that is normally distributed around `x0`, as in the public APGD. */
  surfaceStart(x0, epsilon, source) {
    const normals = new Float64Array(x0.length);
    source.normals(normals);
    return L1.project(
      x0.map((a, i) => a + normals[i]),
      x0,
      epsilon,
    );
  },
  /** Spread over the steepest hundredth of the coordinates that the box does not stop. */
  ascend(x, gradient, size) {
    const slopes = gradient.map((g, i) => ((g > 0 && x[i] >= 1) || (g < 0 && x[i] <= 0) ? 0 : g));
    return sparseStep(x, slopes, size, Math.ceil(x.length / SPARSE));
  },
  project(x, x0, epsilon) {
    const boxed = x.map((v) => Math.min(1, Math.max(0, v)));
    if (L1.distance(boxed, x0) <= epsilon) return boxed;
    const wanted = multiplier(x, x0, epsilon);
    // Rounding to float32 can leave the ball by some units in the last place; far enough, all is x0.
    const out = shrink(x, x0, wanted, boxed);
    for (let more = 2 ** -26; L1.distance(out, x0) > epsilon; more *= 2) shrink(x, x0, wanted + more, out);
    return out;
  },
  distance(x, x0) {
    let sum = 0;
    for (let i = 0; i < x.length; i++) sum += Math.abs(x[i] - x0[i]);
    return sum;
  },
};
