import { minimise } from '../linear-algebra/newton-cg.js';
import { type Binary, logSigmoids, smoothedTargets } from './binary.js';
import { logistic } from './logistic.js';
import { withoutMinimum } from './recalibrator.js';

/** sigmoid(a s + b) of the log-odds s, with targets that are not 0 and 1: the slope is finite where the data are separated. */
export const platt: Binary = {
  name: 'platt',
  title: 'Platt scaling',
  source: 'Platt 2000, on log-odds',
  map({ yes, no }, outcomes) {
    const odds = yes.map((value, i) => value - no[i]!);
    const ones = new Float64Array(odds.length).fill(1);
    const fit = minimise(logistic([odds, ones], smoothedTargets(outcomes)), Float64Array.of(1, 0));
    const none = withoutMinimum(fit);
    if (none) return none;
    const [slope, intercept] = [fit.x[0]!, fit.x[1]!];
    return {
      apply: (y, n) => logSigmoids(slope * (y - n) + intercept),
      parameters: [
        { name: 'slope', values: [slope] },
        { name: 'intercept', values: [intercept] },
      ],
      iterations: fit.iterations,
    };
  },
};
