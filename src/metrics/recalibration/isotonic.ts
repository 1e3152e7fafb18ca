import { isotonic as pooled } from '../calibration/isotonic.js';
import { orderedGroups } from '../ranking/ordered-groups.js';
import { type Binary, logChances } from './binary.js';

/**
 * The non-decreasing function of p that is nearest to the outcomes, by pooling adjacent violators, linear between the probabilities that
 * were fitted on. Its values stay within what n examples can speak for.
 */
export const isotonic: Binary = {
  name: 'isotonic',
  title: 'Isotonic regression',
  source: 'Zadrozny & Elkan 2002; between probabilities as scikit-learn',
  map({ yes }, outcomes) {
    const n = yes.length;
    const p = yes.map(Math.exp);
    const { starts, order } = orderedGroups(p);
    const ends = starts.subarray(1);
    const at = Array.from(ends, (_, g) => p[order[starts[g]!]!]!);
    const weight = ends.map((end, g) => end - starts[g]!);
    const yeses = ends.map((end, g) => {
      let sum = 0;
      for (let place = starts[g]!; place < end; place++) sum += outcomes[order[place]!]!;
      return sum;
    });
    const fitted = pooled(weight, yeses);
    return {
      apply: (y) => logChances(interpolated(Math.exp(y), at, fitted), n),
      parameters: [{ name: 'steps', values: [new Set(fitted).size] }],
      iterations: 0,
    };
  },
};

/** Linear between knots, constant beyond them. */
function interpolated(x: number, at: readonly number[], values: Float64Array): number {
  let [lo, hi] = [0, at.length - 1];
  if (x <= at[lo]!) return values[lo]!;
  if (x >= at[hi]!) return values[hi]!;
  while (hi - lo > 1) {
    const mid = (lo + hi) >> 1;
    if (at[mid]! <= x) lo = mid;
    else hi = mid;
  }
  return values[lo]! + ((x - at[lo]!) / (at[hi]! - at[lo]!)) * (values[hi]! - values[lo]!);
}
