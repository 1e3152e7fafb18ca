import { AssayError, unknownName } from '../errors.js';
import type { Stream } from '../random/stream.js';

/**
 * The geometry an attack moves in: a ball around `x0` cut with the box [0, 1]. Images are flat float32 arrays
 * in pixel units, `x0` lies in the box. What `randomStart` and `project` return is inside both as float32 and
 * with no tolerance: `distance(x, x0) <= epsilon` and 0 <= x <= 1 hold to the bit.
 */
export interface Norm {
  name: string;
  /** Radii a report uses when none are given. */
  epsilons: readonly string[];
  /** A point drawn uniformly from the ball, then put into the box. */
  randomStart(x0: Float32Array, epsilon: number, source: Stream): Float32Array;
  /** x + size * (the direction of unit norm along which the loss rises fastest); not projected. */
  ascend(x: Float32Array, gradient: Float32Array, size: number): Float32Array;
  /** The nearest point (Euclidean) of ball and box together; `x` may be changed. */
  project(x: Float32Array, x0: Float32Array, epsilon: number): Float32Array;
  /** Of x from x0, in double precision. */
  distance(x: Float32Array, x0: Float32Array): number;
}

const bits = new Int32Array(1);
const single = new Float32Array(bits.buffer);

/** The next float32 below a positive or zero one; 0 stays. */
function below(value: number): number {
  single[0] = value;
  if (single[0] > 0) bits[0] -= 1;
  return single[0];
}

/** The next float32 above a positive or zero one. */
function above(value: number): number {
  single[0] = Math.max(0, value);
  bits[0] += 1;
  return single[0];
}

/** Puts one coordinate into [a - epsilon, a + epsilon] and [0, 1], rounding inwards. */
function clip(value: number, a: number, epsilon: number): number {
  let x = Math.fround(value);
  if (x - a > epsilon) {
    x = Math.fround(a + epsilon);
    while (x - a > epsilon) x = below(x);
  } else if (a - x > epsilon) {
    x = Math.fround(Math.max(0, a - epsilon));
    while (a - x > epsilon) x = above(x);
  }
  return Math.min(1, Math.max(0, x));
}

const Linf: Norm = {
  name: 'Linf',
  epsilons: ['2/255', '4/255', '8/255'],
  randomStart: (x0, epsilon, source) =>
    x0.map((a) => clip(a + epsilon * (2 * source.uniform() - 1), a, epsilon)),
  ascend(x, gradient, size) {
    const out = new Float32Array(x.length);
    for (let i = 0; i < x.length; i++) {
      const g = gradient[i];
      out[i] = g > 0 ? x[i] + size : g < 0 ? x[i] - size : x[i];
    }
    return out;
  },
  project(x, x0, epsilon) {
    for (let i = 0; i < x.length; i++) {
      const [v, a] = [x[i], x0[i]];
      if (!(v - a <= epsilon && a - v <= epsilon && v >= 0 && v <= 1)) x[i] = clip(v, a, epsilon);
    }
    return x;
  },
  distance(x, x0) {
    let largest = 0;
    for (let i = 0; i < x.length; i++) largest = Math.max(largest, Math.abs(x[i] - x0[i]));
    return largest;
  },
};

function l2(x: ArrayLike<number>): number {
  let squares = 0;
  for (let i = 0; i < x.length; i++) squares += x[i] * x[i];
  return Math.sqrt(squares);
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
      const delta = x[i] - x0[i];
      const room = delta > 0 ? 1 - x0[i] : x0[i];
      if (factor * Math.abs(delta) >= room) stuck += room * room;
      else free += delta * delta;
    }
    const next = Math.sqrt(Math.max(0, epsilon * epsilon - stuck) / free);
    if (!(next > factor)) return factor;
    factor = next;
  }
}

const L2: Norm = {
  name: 'L2',
  epsilons: ['0.25', '0.5', '1'],
  /** The first d coordinates of a point on the sphere in d + 2 dimensions are uniform in the ball. */
  randomStart(x0, epsilon, source) {
    const normals = new Float64Array(x0.length + 2);
    source.normals(normals);
    const scale = epsilon / l2(normals);
    return L2.project(
      x0.map((a, i) => a + scale * normals[i]),
      x0,
      epsilon,
    );
  },
  ascend(x, gradient, size) {
    const length = l2(gradient);
    const scale = length > 0 ? size / length : 0;
    const out = new Float32Array(x.length);
    for (let i = 0; i < x.length; i++) out[i] = x[i] + scale * gradient[i];
    return out;
  },
  project(x, x0, epsilon) {
    let squares = 0;
    let outside = false;
    for (let i = 0; i < x.length; i++) {
      const boxed = Math.min(1, Math.max(0, x[i]));
      outside ||= boxed !== x[i];
      squares += (boxed - x0[i]) ** 2;
    }
    if (Math.sqrt(squares) <= epsilon) {
      if (outside) for (let i = 0; i < x.length; i++) x[i] = Math.min(1, Math.max(0, x[i]));
      return x;
    }
    const wanted = reach(x, x0, epsilon);
    // Rounding to float32 can leave the ball by some units in the last place.
    for (let less = 2 ** -23; less < 1; less *= 2) {
      const factor = wanted * (1 - less + 2 ** -23);
      const out = new Float32Array(x.length);
      for (let i = 0; i < x.length; i++) {
        out[i] = Math.min(1, Math.max(0, x0[i] + factor * (x[i] - x0[i])));
      }
      if (L2.distance(out, x0) <= epsilon) return out;
    }
    return x0.slice();
  },
  distance(x, x0) {
    let squares = 0;
    for (let i = 0; i < x.length; i++) squares += (x[i] - x0[i]) ** 2;
    return Math.sqrt(squares);
  },
};

/** Every norm, by name. */
export const norms: ReadonlyMap<string, Norm> = new Map([Linf, L2].map((norm) => [norm.name, norm]));

/** Errors: `unknown-name`. */
export function normNamed(name: string): Norm {
  const norm = norms.get(name);
  if (!norm) throw unknownName('norm', name, [...norms.keys()]);
  return norm;
}

/** Whether a stored point is where it claims to be, with no tolerance. */
export function isInside(norm: Norm, x: Float32Array, x0: Float32Array, epsilon: number): boolean {
  if (x.length !== x0.length) {
    throw new AssayError('shape-mismatch', 'a perturbed image and its original differ in size', {
      expected: String(x0.length),
      found: String(x.length),
    });
  }
  return x.every((v) => v >= 0 && v <= 1) && norm.distance(x, x0) <= epsilon;
}
