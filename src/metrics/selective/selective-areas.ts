import { groupOrder } from '../ranking/group-order.js';
import { rankScores } from '../ranking/ranking.js';

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

/** Examples by distinct score, in descending order: how many there are, and what they cost in all when they are kept. */
export interface LossGroups {
  counts: Float64Array;
  losses: Float64Array;
}

/** Examples with equal scores are kept in any order: `aurc` and `augrc` are the means over these. NaN without examples. */
export function areasOf({ counts, losses }: LossGroups): SelectiveAreas {
  // Doubles from the start: see drawn-bins.ts.
  let [kept, lost, area, generalized, byRisk, byLoss] = [-0, -0, -0, -0, -0, -0];
  for (let g = 0; g < counts.length; g++) {
    const [count, more] = [counts[g]!, losses[g]!];
    if (count === 0) continue;
    for (let k = 1; k <= count; k++) area += (lost + (more * k) / count) / (kept + k);
    generalized += count * lost + (more * (count + 1)) / 2;
    const risk = (lost + more) / (kept + count);
    byRisk += (count * ((kept > 0 ? lost / kept : risk) + risk)) / 2;
    byLoss += (count * (lost + lost + more)) / 2;
    kept += count;
    lost += more;
  }
  return {
    aurc: area / kept,
    augrc: generalized / kept / kept,
    aurcFdShifts: byRisk / kept,
    augrcFdShifts: byLoss / kept / kept,
  };
}

/**
 * @param scores (n) Errors: `data-invalid` for a NaN
 * @param losses (n) what each costs when it is kept: 1 for a wrong prediction and 0 for a right one
 * @returns a function of how often each example was drawn, (n)
 */
export function selectiveAreas(
  scores: ArrayLike<number>,
  losses: ArrayLike<number>,
): (times: Uint8Array) => SelectiveAreas {
  const { groups, id: group } = rankScores(scores, []);
  const { starts, order } = groupOrder(group, groups);
  const ordered = Float64Array.from(order, (i) => losses[i]!);
  const drawn: LossGroups = { counts: new Float64Array(groups), losses: new Float64Array(groups) };
  return (times) => {
    for (let g = 0; g < groups; g++) {
      let [count, lost] = [0, 0];
      for (let at = starts[g]!; at < starts[g + 1]!; at++) {
        const weight = times[order[at]!]!;
        count += weight;
        lost += weight * ordered[at]!;
      }
      drawn.counts[g] = count;
      drawn.losses[g] = lost;
    }
    return areasOf(drawn);
  };
}
