import type { Convex } from '../linear-algebra/newton-cg.js';
import { logSigmoids } from './binary.js';

/**
 * Mean cross-entropy of sigmoid(sum_j x_j feature_j) with targets in [0, 1]: logistic regression.
 * @param features a column for each parameter, (n) each
 */
export function logistic(features: readonly Float64Array[], targets: Float64Array): Convex {
  const n = targets.length;
  const weighted = (weights: Float64Array) =>
    Float64Array.from(features, (feature) => {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += weights[i]! * feature[i]!;
      return sum / n;
    });
  const along = (v: Float64Array, i: number) => {
    let z = 0;
    for (let j = 0; j < features.length; j++) z += v[j]! * features[j]![i]!;
    return z;
  };
  return {
    at(x) {
      const residual = new Float64Array(n);
      const variance = new Float64Array(n);
      let value = 0;
      for (let i = 0; i < n; i++) {
        const [yes, no] = logSigmoids(along(x, i));
        value -= targets[i]! * yes + (1 - targets[i]!) * no;
        residual[i] = Math.exp(yes) - targets[i]!;
        variance[i] = Math.exp(yes + no);
      }
      return {
        value: value / n,
        gradient: weighted(residual),
        hessianTimes: (v) => weighted(variance.map((weight, i) => weight * along(v, i))),
      };
    },
  };
}
