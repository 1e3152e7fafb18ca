import type { Ball, LowerBounds, Range } from '../network/ranges.js';
import { UNIT } from '../network/rounding.js';

/** Adds what linear functions (n, count, size) are at least on a box, or on what a ball has of it. */
export function addLeast(
  coefficients: Float32Array,
  { lower, upper, ball }: Range,
  count: number,
  { bound, rounding }: LowerBounds,
): void {
  const size = coefficients.length / bound.length;
  for (let row = 0; row < bound.length; row++) {
    const image = Math.floor(row / count) * size;
    const from = row * size;
    let [sum, magnitude] = [0, 0];
    for (let i = 0; i < size; i++) {
      const a = coefficients[from + i]!;
      // Signs come at random: this takes no branch, as the smaller of two numbers does.
      const weight = Math.abs(a);
      const middle = upper[image + i]! + lower[image + i]!;
      const width = upper[image + i]! - lower[image + i]!;
      sum += a * middle - weight * width;
      magnitude += weight * (Math.abs(middle) + width);
    }
    sum /= 2;
    magnitude /= 2;
    if (ball) {
      const own = coefficients.subarray(from, from + size);
      sum = Math.max(sum, leastInBall(own, { lower, upper, ball }, image));
    }
    bound[row]! += sum;
    // Coefficients that were added up where ways meet.
    rounding[row]! += 4 * UNIT * magnitude;
  }
}

/** Where functions (n, count, size) are least: points (n, count, size). */
export function leastPoints(
  coefficients: Float32Array,
  range: Range,
  { n, count }: { n: number; count: number },
): Float32Array {
  const points = new Float32Array(coefficients.length);
  const size = coefficients.length / (n * count);
  const { ball } = range;
  for (let row = 0; row < n * count; row++) {
    const image = Math.floor(row / count) * size;
    const own = coefficients.subarray(row * size, (row + 1) * size);
    const weight = ball ? weightOf(own, { ...range, ball }, image) : 0;
    own.forEach((a, i) => {
      points[row * size + i] = pointOf(a, weight, range, image + i);
    });
  }
  return points;
}

type InBall = Range & { ball: Ball };

/** Where a x + weight |x - centre|^2 is least in the box. */
function pointOf(a: number, weight: number, { lower, upper, ball }: Range, at: number): number {
  if (!ball || weight === 0) return a > 0 ? lower[at]! : upper[at]!;
  const free = ball.centre[at]! - a / (2 * weight);
  return Math.min(upper[at]!, Math.max(lower[at]!, free));
}

/**
 * The least of a linear function on the intersection of a ball in L2 and a box, by its dual: for every weight w >= 0,
 * min over the box of a x + w (|x - centre|^2 - radius^2) is below it, and for the best weight it is it.
 */
function leastInBall(a: Float32Array, range: InBall, offset: number): number {
  const weight = weightOf(a, range, offset);
  const { centre, radius } = range.ball;
  let [sum, far] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    const x = pointOf(a[i]!, weight, range, offset + i);
    const d = x - centre[offset + i]!;
    sum += a[i]! * x;
    far += d * d;
  }
  return sum + weight * (far - radius * radius);
}

/** Rounds in which more numbers reach their side of the box. */
const ROUNDS = 30;

/**
 * The weight at which the least point lies on the ball; 0 where it lies in it. Without a box it is |a| / (2 radius); with one, what
 * reaches its side leaves the others more room, so that the weight falls, from round to round.
 */
function weightOf(
  a: Float32Array,
  { lower, upper, ball: { centre, radius } }: InBall,
  offset: number,
): number {
  let weight = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    let [free, used] = [0, 0];
    for (let i = 0; i < a.length; i++) {
      const at = offset + i;
      const room = a[i]! > 0 ? centre[at]! - lower[at]! : upper[at]! - centre[at]!;
      if (Math.abs(a[i]!) >= 2 * weight * room) used += room * room;
      else free += a[i]! * a[i]!;
    }
    const left = radius * radius - used;
    if (free === 0) return 0;
    const next = Math.sqrt(free / (4 * left));
    // Nothing more has reached its side.
    if (!(next < weight)) break;
    weight = next;
  }
  return Number.isFinite(weight) ? weight : 0;
}
