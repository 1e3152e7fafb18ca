import { above, below } from './float32.js';
import { kthLargest } from './kth-largest.js';
import type { Norm } from './norm.js';

/** One of so many coordinates is moved in a step: the 99th percentile of Tramer & Boneh 2019. */
const SPARSE = 100;

/**
 * x + size * sign(gradient) / k on the k coordinates of the steepest slope and 0 elsewhere. Equal slopes go together,
 * coordinates without a slope stay; k below 1 means 1.
 */
export function sparseStep(x: Float32Array, gradient: Float32Array, size: number, k: number): Float32Array {
  const slopes = new Float32Array(x.length);
  for (let i = 0; i < slopes.length; i++) slopes[i] = Math.abs(gradient[i]!);
  const least = Math.max(Number.MIN_VALUE, kthLargest(slopes.slice(), Math.max(1, k)));
  let moved = 0;
  for (let i = 0; i < slopes.length; i++) if (slopes[i]! >= least) moved++;
  const out = x.slice();
  for (let i = 0; i < slopes.length; i++) {
    if (slopes[i]! >= least) out[i]! += gradient[i]! > 0 ? size / moved : -size / moved;
  }
  return out;
}

/** How far coordinates are from x0, and how far the box lets them go that way. */
interface Way {
  lengths: Float64Array;
  rooms: Float64Array;
}

function way(x: Float32Array, x0: Float32Array): Way {
  const [lengths, rooms] = [new Float64Array(x.length), new Float64Array(x.length)];
  for (let i = 0; i < x.length; i++) {
    const delta = x[i]! - x0[i]!;
    lengths[i] = Math.abs(delta);
    rooms[i] = delta > 0 ? 1 - x0[i]! : x0[i]!;
  }
  return { lengths, rooms };
}

/** The length that `shrink` leaves, and how many coordinates a larger threshold would still change. */
function left({ lengths, rooms }: Way, threshold: number): [sum: number, free: number] {
  let [sum, free] = [0, 0];
  for (let i = 0; i < lengths.length; i++) {
    const kept = lengths[i]! - threshold;
    const room = rooms[i]!;
    sum += Math.min(room, Math.max(0, kept));
    free += Number(kept > 0) & Number(kept < room);
  }
  return [sum, free];
}

/**
 * x0 + (x - x0), every change made smaller by the threshold and cut off at the box. Rounded towards x0, so that no
 * change is longer than `left` counts it.
 */
function shrink(x: Float32Array, x0: Float32Array, { lengths, rooms }: Way, threshold: number): Float32Array {
  const out = x0.slice();
  for (let i = 0; i < out.length; i++) {
    const kept = lengths[i]! - threshold;
    if (!(kept > 0)) continue;
    const [a, rises] = [x0[i]!, x[i]! > x0[i]!];
    if (kept >= rooms[i]!) {
      out[i] = rises ? 1 : 0;
      continue;
    }
    out[i] = rises ? a + kept : a - kept;
    if (Math.abs(out[i]! - a) > kept) out[i] = rises ? below(out[i]!) : above(out[i]!);
  }
  return out;
}

/** By how much of epsilon the length may fall short. */
const SHORT = 1e-9;

/**
 * The threshold at which `left` is epsilon, or a little less and never more: the multiplier of the ball in the KKT
 * conditions of the projection on ball and box (Croce & Hein 2021, "Mind the box"). What is left falls with the
 * threshold, linearly between the changes and the changes less their room, so Newton's method ends on the exact
 * piece; where it is slow, the bracket is halved.
 */
function multiplier(moved: Way, epsilon: number): number {
  let [low, high] = [0, 0];
  for (let i = 0; i < moved.lengths.length; i++) high = Math.max(high, moved.lengths[i]!);
  let at = 0;
  let before = Number.POSITIVE_INFINITY;
  for (;;) {
    const [sum, free] = left(moved, at);
    const excess = sum - epsilon;
    if (excess <= 0 && excess >= -SHORT * epsilon) return at;
    if (excess > 0) low = at;
    else high = at;
    const newton = at + (excess + (SHORT * epsilon) / 2) / free;
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
    const moved = x0.map((a, i) => (source.uniform() < 0.5 ? a - scale * draws[i]! : a + scale * draws[i]!));
    return L1.project(moved, x0, epsilon);
  },
  /** Not uniform: the nearest point to one that is normally distributed around `x0`, as in the public APGD. */
  surfaceStart(x0, epsilon, source) {
    const normals = new Float64Array(x0.length);
    source.normals(normals);
    return L1.project(
      x0.map((a, i) => a + normals[i]!),
      x0,
      epsilon,
    );
  },
  /** Spread over the steepest hundredth of the coordinates that the box does not stop. */
  ascend(x, gradient, size) {
    const slopes = gradient.slice();
    for (let i = 0; i < x.length; i++) if (slopes[i]! > 0 ? x[i]! >= 1 : x[i]! <= 0) slopes[i] = 0;
    return sparseStep(x, slopes, size, Math.ceil(x.length / SPARSE));
  },
  project(x, x0, epsilon) {
    const boxed = x.slice();
    for (let i = 0; i < x.length; i++) boxed[i] = Math.min(1, Math.max(0, x[i]!));
    if (L1.distance(boxed, x0) <= epsilon) return boxed;
    const moved = way(x, x0);
    return shrink(x, x0, moved, multiplier(moved, epsilon));
  },
  distance(x, x0) {
    let sum = 0;
    for (let i = 0; i < x.length; i++) sum += Math.abs(x[i]! - x0[i]!);
    return sum;
  },
};
