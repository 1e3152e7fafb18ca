import { minimise } from '../linear-algebra/newton-cg.js';
import { type Binary, type Chances, logSigmoids, smoothedTargets } from './binary.js';
import { logistic } from './logistic.js';
import { withoutMinimum } from './recalibrator.js';

/**
 * sigmoid(a log p - b log(1 - p) + c), a, b >= 0: of a and b that come out negative the first is set to 0 and the rest fitted again, as
 * the authors do. Where a threshold separates yes from no, the best parameters are infinite: Platt's targets are then used, and said.
 */
export const beta: Binary = {
  name: 'beta',
  title: 'Beta calibration',
  source: 'Kull, Silva Filho & Flach 2017, AISTATS, algorithm 1',
  map(chances, outcomes) {
    const { yes, no } = chances;
    const separated = isSeparated(chances, outcomes);
    const targets = separated ? smoothedTargets(outcomes) : Float64Array.from(outcomes);
    const features = [yes, no.map((value) => -value), new Float64Array(yes.length).fill(1)];
    const kept = [true, true, true];
    let iterations = 0;
    for (;;) {
      const used = features.filter((_, j) => kept[j]);
      const start = Float64Array.from(used, (feature) => (feature === features[2] ? 0 : 1));
      const fit = minimise(logistic(used, targets), start);
      iterations += fit.iterations;
      const none = withoutMinimum(fit);
      if (none) return none;
      let at = 0;
      const [a, b, c] = kept.map((is) => (is ? fit.x[at++]! : 0)) as [number, number, number];
      const negative = [a, b].findIndex((value) => value < 0);
      if (negative >= 0) {
        kept[negative] = false;
        continue;
      }
      return {
        apply: (y, n) => logSigmoids(a * y - b * n + c),
        parameters: [
          { name: 'a', values: [a] },
          { name: 'b', values: [b] },
          { name: 'c', values: [c] },
        ],
        iterations,
        ...(separated && { note: 'separated: fitted with the targets of Platt' }),
      };
    }
  },
};

/** Whether no probability of a no is above one of a yes. */
function isSeparated({ yes, no }: Chances, outcomes: Uint8Array): boolean {
  let [leastYes, mostNo] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < yes.length; i++) {
    const odds = yes[i]! - no[i]!;
    if (outcomes[i]) leastYes = Math.min(leastYes, odds);
    else mostNo = Math.max(mostNo, odds);
  }
  return mostNo <= leastYes;
}
