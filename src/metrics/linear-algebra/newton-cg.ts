import { dot } from './matrix.js';

/** A smooth convex function. */
export interface Convex {
  /** At a point: the value, the gradient, and what multiplies by the Hessian. Arrays are the caller's to keep. */
  at(x: Float64Array): {
    value: number;
    gradient: Float64Array;
    hessianTimes(v: Float64Array): Float64Array;
  };
}

export interface Minimum {
  x: Float64Array;
  value: number;
  /** The largest |derivative| at x. */
  gradient: number;
  /** Newton steps. */
  iterations: number;
  /** The gradient vanishes and steps have become small. False where the minimum is at infinity. */
  converged: boolean;
}

export interface Precision {
  /** The largest |derivative| that is taken for none. Default 1e-9. */
  gradient?: number;
  /** The largest step, relative to the largest number, that is taken for none. Default 1e-6. */
  step?: number;
}

/** Where the minimum is at infinity, each step lowers the gradient by a factor of e: after more of them, rounding would hide that. */
const MOST = 25;

/**
 * The minimum of a convex function by Newton's method: each step solves H d = -g by conjugate gradients, more exactly the smaller
 * the gradient is (Nocedal & Wright 2006, algorithm 7.1), and is halved until the function falls enough (Armijo). Directions in
 * which the function is flat are left alone. Where the minimum is at infinity (separable data), steps do not become small, and it is
 * not converged.
 */
export function minimise(
  f: Convex,
  start: Float64Array,
  { gradient: flat = 1e-9, step: still = 1e-6 }: Precision = {},
): Minimum {
  let x = start;
  let here = f.at(x);
  let step = Number.POSITIVE_INFINITY;
  let iterations = 0;
  for (; iterations < MOST; iterations++) {
    if (largest(here.gradient) <= flat && step <= still * (1 + largest(x))) break;
    const d = direction(here.gradient, here.hessianTimes);
    const slope = dot(here.gradient, d);
    if (slope >= 0) {
      step = 0;
      break;
    }
    let length = 1;
    let next = f.at(moved(x, length, d));
    // Near the minimum, rounding hides how much the value falls.
    const rounding = 1e-14 * (1 + Math.abs(here.value));
    while (!(next.value <= here.value + 1e-4 * length * slope + rounding) && length > 1e-10) {
      length /= 2;
      next = f.at(moved(x, length, d));
    }
    x = moved(x, length, d);
    step = length * largest(d);
    here = next;
  }
  const gradient = largest(here.gradient);
  const converged = gradient <= flat && step <= still * (1 + largest(x));
  return { x, value: here.value, gradient, iterations, converged };
}

/** Conjugate gradients for H d = -g. */
function direction(g: Float64Array, times: (v: Float64Array) => Float64Array): Float64Array {
  const d = new Float64Array(g.length);
  const r = g.map((value) => -value);
  const p = r.slice();
  let rr = dot(r, r);
  const norm = Math.sqrt(rr);
  const enough = (Math.min(0.1, norm) * norm) ** 2;
  let steepest = 0;
  for (let i = 0; i < 2 * g.length + 10 && rr > enough; i++) {
    const hp = times(p);
    const curvature = dot(p, hp) / dot(p, p);
    steepest = Math.max(steepest, curvature);
    // What is flat but for rounding is left alone.
    if (!(curvature > 1e-12 * steepest)) break;
    const alpha = rr / dot(p, hp);
    for (let k = 0; k < d.length; k++) {
      d[k]! += alpha * p[k]!;
      r[k]! -= alpha * hp[k]!;
    }
    const next = dot(r, r);
    for (let k = 0; k < p.length; k++) p[k] = r[k]! + (next / rr) * p[k]!;
    rr = next;
  }
  return d;
}

const moved = (x: Float64Array, length: number, d: Float64Array) =>
  x.map((value, i) => value + length * d[i]!);

function largest(x: Float64Array): number {
  let most = 0;
  for (let i = 0; i < x.length; i++) most = Math.max(most, Math.abs(x[i]!));
  return most;
}
