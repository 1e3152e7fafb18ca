import { ascendingOrder } from '../ranking/ascending-order.js';
import { drawn } from './draw-counts.js';

/**
 * The smallest value that a share q of the drawn examples does not exceed. NaN, of an example that has none, counts as
 * larger than all, and gives Infinity.
 * @param values (n)
 * @param q in (0, 1]
 * @returns a function of how often each example was drawn, (n)
 */
export function drawnQuantile(values: Float64Array, q: number): (times: Uint8Array) => number {
  const known = values.map((value) => (Number.isNaN(value) ? Number.POSITIVE_INFINITY : value));
  const order = ascendingOrder(known);
  return (times) => {
    const rank = Math.ceil(drawn(times) * q);
    let below = 0;
    for (const i of order) {
      below += times[i]!;
      if (below >= rank && below > 0) return known[i]!;
    }
    return Number.NaN;
  };
}
