import { isotonic as pooled } from '../isotonic.js';
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
    const order = Int32Array.from(p, (_, i) => i).sort((a, b) => p[a] - p[b]);
    const [at, weight, sum]: [number[], number[], number[]] = [[], [], []];
    for (const i of order) {
      if (at.at(-1) !== p[i]) {
        at.push(p[i]);
        weight.push(0);
        sum.push(0);
      }
      weight[weight.length - 1]++;
      sum[sum.length - 1] += outcomes[i];
    }
    const fitted = pooled(weight, sum);
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
  if (x <= at[lo]) return values[lo];
  if (x >= at[hi]) return values[hi];
  while (hi - lo > 1) {
    const mid = (lo + hi) >> 1;
    if (at[mid] <= x) lo = mid;
    else hi = mid;
  }
  return values[lo] + ((x - at[lo]) / (at[hi] - at[lo])) * (values[hi] - values[lo]);
}
