import { AssayError } from '../../errors.js';
import { ascendingOrder } from '../ranking/ascending-order.js';

/** Two samples of one number, merged in ascending order. */
export interface Pooled {
  /** Numbers of the first and of the second sample. */
  n: number;
  m: number;
  /** (n + m) ascending. */
  values: Float64Array;
  /** (n + m): 1 where the value is of the first sample, 0 of the second. */
  first: Uint8Array;
  /** (n + m): where each value of (first, then second) sample stands in `values`. */
  place: Int32Array;
}

/** Errors: `data-invalid` for a NaN, which has no place. */
export function pooled(a: ArrayLike<number>, b: ArrayLike<number>): Pooled {
  const [n, m] = [a.length, b.length];
  const all = new Float64Array(n + m);
  all.set(Float64Array.from(a));
  all.set(Float64Array.from(b), n);
  if (all.some(Number.isNaN))
    throw new AssayError('data-invalid', 'two samples cannot be compared: a value is NaN', {
      path: `value ${all.findIndex(Number.isNaN)}`,
    });
  const order = ascendingOrder(all);
  const place = new Int32Array(n + m);
  for (const [at, i] of order.entries()) place[i] = at;
  return {
    n,
    m,
    values: Float64Array.from(order, (i) => all[i]!),
    first: Uint8Array.from(order, (i) => (i < n ? 1 : 0)),
    place,
  };
}

/** How far the distribution functions F of the first and G of the second sample are apart. */
export interface Distances {
  /** Kolmogorov and Smirnov: the largest |F - G|, in [0, 1]. */
  ks: number;
  /** Sqrt(2 * integral of (F - G)^2) (Székely & Rizzo 2013), in the unit of the values; 0 for equal samples only. */
  energy: number;
}

/**
 * Both distances, in one walk. Infinite values count for `ks`; `energy` is then infinite or NaN. NaN when a sample is
 * empty.
 */
export function distancesOf(
  { n, m, values }: Pick<Pooled, 'n' | 'm' | 'values'>,
  first: Uint8Array,
): Distances {
  if (n === 0 || m === 0) return { ks: Number.NaN, energy: Number.NaN };
  let [a, b, ks, area] = [-0, -0, -0, -0];
  for (let at = 0; at < values.length; at++) {
    if (first[at] === 1) a++;
    else b++;
    // Only behind the last of equal values are F and G what they are there.
    if (at + 1 < values.length && values[at + 1] === values[at]) continue;
    const gap = a / n - b / m;
    ks = Math.max(ks, Math.abs(gap));
    if (at + 1 < values.length) area += gap * gap * (values[at + 1]! - values[at]!);
  }
  return { ks: ks + 0, energy: Math.sqrt(2 * area) };
}
