import { above, below } from './float32.js';
import type { Norm } from './norm.js';

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

interface Bounds {
  epsilon: number;
  lowest: Float32Array;
  highest: Float32Array;
}
const known = new WeakMap<Float32Array, Bounds>();

/** Between which values each coordinate lies in ball and box: worked out once for an image and a radius. */
function boundsOf(x0: Float32Array, epsilon: number): Bounds {
  const bounds = known.get(x0);
  if (bounds?.epsilon === epsilon) return bounds;
  const made = {
    epsilon,
    lowest: x0.map((a) => clip(-1, a, epsilon)),
    highest: x0.map((a) => clip(2, a, epsilon)),
  };
  known.set(x0, made);
  return made;
}

/** The largest change of a pixel. */
export const Linf: Norm = {
  name: 'Linf',
  epsilons: ['2/255', '4/255', '8/255'],
  randomStart: (x0, epsilon, source) =>
    x0.map((a) => clip(a + epsilon * (2 * source.uniform() - 1), a, epsilon)),
  surfaceStart(x0, epsilon, source) {
    const u = Float64Array.from(x0, () => 2 * source.uniform() - 1);
    const largest = u.reduce((top, v) => Math.max(top, Math.abs(v)), Number.MIN_VALUE);
    return x0.map((a, i) => clip(a + (epsilon * u[i]!) / largest, a, epsilon));
  },
  ascend(x, gradient, size) {
    const out = new Float32Array(x.length);
    for (let i = 0; i < x.length; i++) {
      const g = gradient[i]!;
      // No branch: signs of gradients cannot be foreseen, and a wrong guess of the processor costs more than all else here.
      out[i] = x[i]! + size * (Number(g > 0) - Number(g < 0));
    }
    return out;
  },
  project(x, x0, epsilon) {
    const { lowest, highest } = boundsOf(x0, epsilon);
    for (let i = 0; i < x.length; i++) {
      const v = x[i]!;
      if (v < lowest[i]!) x[i] = lowest[i]!;
      else if (v > highest[i]!) x[i] = highest[i]!;
    }
    return x;
  },
  distance(x, x0) {
    let largest = 0;
    for (let i = 0; i < x.length; i++) largest = Math.max(largest, Math.abs(x[i]! - x0[i]!));
    return largest;
  },
};
