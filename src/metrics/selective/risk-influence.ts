import type { LossGroups } from './selective-areas.js';

/** How one example moves an area: of a group of equal scores, by its own loss. Its mean over the examples is constant. */
export type Influence = (group: number, loss: number) => number;

/**
 * Influence functions of AURC and AUGRC (Hampel 1974): the variance of an area of n examples is that of the influence over
 * the examples, divided by n. With S(t) and L(t) the share of examples that score at least t, and their loss, AURC is the
 * mean of L / S over thresholds at all examples; an example adds L / S at its own threshold, and at each threshold that it
 * passes its loss / S less L / S^2. Equal scores in the mean over their orders. O(n).
 */
export function riskInfluence({ counts, losses }: LossGroups): { aurc: Influence; augrc: Influence } {
  const groups = counts.length;
  const risk = new Float64Array(groups);
  /** Of thresholds in the group that an example of it passes, and then of those below as well. */
  const perLoss = new Float64Array(groups);
  const perKept = new Float64Array(groups);
  const [allPerLoss, allPerKept] = [new Float64Array(groups), new Float64Array(groups)];
  const [above, below] = [new Float64Array(groups), new Float64Array(groups)];
  let [kept, lost] = [-0, -0];
  const n = counts.reduce((a, b) => a + b, 0);
  for (let g = 0; g < groups; g++) {
    const [count, more] = [counts[g]!, losses[g]!];
    for (let k = 1; k <= count; k++) {
      const own = (lost + (more * k) / count) / (kept + k);
      risk[g]! += own / count;
      perLoss[g]! += k / count / (kept + k);
      perKept[g]! += ((k / count) * own) / (kept + k);
      allPerLoss[g]! += 1 / (kept + k);
      allPerKept[g]! += own / (kept + k);
    }
    above[g] = lost + more / 2;
    below[g] = n - kept - count / 2;
    kept += count;
    lost += more;
  }
  let [moreLoss, moreKept] = [-0, -0];
  for (let g = groups - 1; g >= 0; g--) {
    perLoss[g]! += moreLoss;
    perKept[g]! += moreKept;
    moreLoss += allPerLoss[g]!;
    moreKept += allPerKept[g]!;
  }
  return {
    aurc: (g, loss) => risk[g]! + loss * perLoss[g]! - perKept[g]!,
    augrc: (g, loss) => (loss * below[g]! + above[g]!) / n,
  };
}
