import type { Stream } from '../../random/stream.js';

/**
 * The geometry an attack moves in: a ball around `x0` cut with the box [0, 1]. Images are flat float32 arrays
 * in pixel units, `x0` lies in the box. What the starts and `project` return is inside both as float32 and with
 * no tolerance: `distance(x, x0) <= epsilon` and 0 <= x <= 1 hold to the bit.
 */
export interface Norm {
  name: string;
  /** Radii a report uses when none are given. */
  epsilons: readonly string[];
  /** A point drawn uniformly from the ball, then put into the box. */
  randomStart(x0: Float32Array, epsilon: number, source: Stream): Float32Array;
  /** A random point of the ball's surface, then put into the box: where APGD starts (Croce & Hein 2020). */
  surfaceStart(x0: Float32Array, epsilon: number, source: Stream): Float32Array;
  /** x + size * (the direction of unit norm along which the loss rises fastest); not projected. */
  ascend(x: Float32Array, gradient: Float32Array, size: number): Float32Array;
  /** The nearest point (Euclidean) of ball and box together; `x` may be changed. */
  project(x: Float32Array, x0: Float32Array, epsilon: number): Float32Array;
  /** Of x from x0, in double precision. */
  distance(x: Float32Array, x0: Float32Array): number;
}
