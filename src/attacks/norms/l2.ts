import type { Stream } from '../../random/stream.js';
import type { Norm } from './norm.js';

function l2(x: ArrayLike<number>): number {
  let squares = 0;
  for (let i = 0; i < x.length; i++) squares += x[i]! * x[i]!;
  return Math.sqrt(squares);
}

/** As far as epsilon along the first coordinates of a random direction in so many dimensions, put into the box. */
function along(x0: Float32Array, epsilon: number, source: Stream, dimensions: number): Float32Array {
  const normals = new Float64Array(dimensions);
  source.normals(normals);
  const scale = epsilon / l2(normals);
  return L2.project(
    x0.map((a, i) => a + scale * normals[i]!),
    x0,
    epsilon,
  );
}

/**
 * How far to go along x - x0 so that, cut off at the box, the length is epsilon. Coordinates that hit the box
 * stay there and the others share what is left: the KKT conditions of the projection on ball and box. Each
 * round can only add coordinates to those that hit, so the factor rises to the solution from below.
 */
function reach(x: Float32Array, x0: Float32Array, epsilon: number): number {
  let factor = 0;
  for (;;) {
    let [stuck, free] = [0, 0];
    for (let i = 0; i < x.length; i++) {
      const delta = x[i]! - x0[i]!;
      const room = delta > 0 ? 1 - x0[i]! : x0[i]!;
      if (factor * Math.abs(delta) >= room) stuck += room * room;
      else free += delta * delta;
    }
    const next = Math.sqrt(Math.max(0, epsilon * epsilon - stuck) / free);
    if (!(next > factor)) return factor;
    factor = next;
  }
}

/** Euclidean length. */
export const L2: Norm = {
  name: 'L2',
  epsilons: ['0.25', '0.5', '1'],
  /** The first d coordinates of a point on the sphere in d + 2 dimensions are uniform in the ball. */
  randomStart(x0, epsilon, source) {
    return along(x0, epsilon, source, x0.length + 2);
  },
  surfaceStart: (x0, epsilon, source) => along(x0, epsilon, source, x0.length),
  ascend(x, gradient, size) {
    const length = l2(gradient);
    const scale = length > 0 ? size / length : 0;
    const out = new Float32Array(x.length);
    for (let i = 0; i < x.length; i++) out[i] = x[i]! + scale * gradient[i]!;
    return out;
  },
  project(x, x0, epsilon) {
    let squares = 0;
    let outside = false;
    for (let i = 0; i < x.length; i++) {
      const boxed = Math.min(1, Math.max(0, x[i]!));
      outside ||= boxed !== x[i];
      squares += (boxed - x0[i]!) ** 2;
    }
    if (Math.sqrt(squares) <= epsilon) {
      if (outside) for (let i = 0; i < x.length; i++) x[i] = Math.min(1, Math.max(0, x[i]!));
      return x;
    }
    const target = reach(x, x0, epsilon);
    // Rounding to float32 can leave the ball by some units in the last place.
    for (let less = 2 ** -23; less < 1; less *= 2) {
      const factor = target * (1 - less + 2 ** -23);
      const out = new Float32Array(x.length);
      for (let i = 0; i < x.length; i++) {
        out[i] = Math.min(1, Math.max(0, x0[i]! + factor * (x[i]! - x0[i]!)));
      }
      if (L2.distance(out, x0) <= epsilon) return out;
    }
    return x0.slice();
  },
  distance(x, x0) {
    let squares = 0;
    for (let i = 0; i < x.length; i++) squares += (x[i]! - x0[i]!) ** 2;
    return Math.sqrt(squares);
  },
};
