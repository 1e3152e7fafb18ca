import { groupsByScore } from './risk-coverage.js';

/** Areas under curves over the share of examples that is kept, those with the highest scores first. 0 is best. */
export interface SelectiveAreas {
  /** Mean, over the number k that is kept, of the loss of the kept, divided by k (Geifman & El-Yaniv 2017). */
  aurc: number;
  /** The same divided by n: the average risk of a failure that nobody notices (Traub et al. 2024). */
  augrc: number;
  /** As fd-shifts computes them: trapezoids between distinct scores, from a share of 0 on. */
  aurcFdShifts: number;
  augrcFdShifts: number;
}

/**
 * Examples with equal scores are kept in any order: `aurc` and `augrc` are the means over these. NaN without examples.
 * @param scores (n), none NaN
 * @param losses (n) what each costs when it is kept: 1 for a wrong prediction and 0 for a right one
 * @returns a function of how often each example was drawn, (n)
 */
export function selectiveAreas(
  scores: ArrayLike<number>,
  losses: ArrayLike<number>,
): (times: Uint8Array) => SelectiveAreas {
  const groups = groupsByScore(scores);
  return (times) => {
    // Doubles from the start: see drawn-bins.ts.
    let [kept, lost, area, generalized, byRisk, byLoss] = [-0, -0, -0, -0, -0, -0];
    for (const group of groups) {
      let [drawn, more] = [0, 0];
      for (const i of group) {
        drawn += times[i];
        more += times[i] * losses[i];
      }
      if (drawn === 0) continue;
      for (let k = 1; k <= drawn; k++) area += (lost + (more * k) / drawn) / (kept + k);
      generalized += drawn * lost + (more * (drawn + 1)) / 2;
      const risk = (lost + more) / (kept + drawn);
      byRisk += (drawn * ((kept > 0 ? lost / kept : risk) + risk)) / 2;
      byLoss += (drawn * (lost + lost + more)) / 2;
      kept += drawn;
      lost += more;
    }
    return {
      aurc: area / kept,
      augrc: generalized / kept / kept,
      aurcFdShifts: byRisk / kept,
      augrcFdShifts: byLoss / kept / kept,
    };
  };
}
