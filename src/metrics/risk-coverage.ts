import { eachTie } from './rank-tests.js';

/** Examples in descending order of a score, those with equal scores together. */
export function groupsByScore(scores: ArrayLike<number>): Int32Array[] {
  const order = Int32Array.from({ length: scores.length }, (_, i) => i).sort(
    (i, j) => scores[j] - scores[i] || i - j,
  );
  const groups: Int32Array[] = [];
  eachTie(order, scores, (from, to) => {
    groups.push(order.subarray(from, to));
  });
  return groups;
}

/**
 * The area under the risk-coverage curve (Geifman & El-Yaniv 2017): the mean, over the numbers k of examples that may be
 * kept, of the share of errors among the k with the highest scores. 0 is best; a score that says nothing gives the error
 * rate. Examples with equal scores are kept in any order: the mean over these.
 * @param scores (n), none NaN
 * @param correct (n) 1 where the prediction is right
 * @returns a function of how often each example was drawn, (n)
 */
export function areaUnderRisk(
  scores: ArrayLike<number>,
  correct: ArrayLike<number>,
): (times: Uint8Array) => number {
  const groups = groupsByScore(scores);
  return (times) => {
    let [kept, wrong, area] = [-0, -0, -0];
    for (const group of groups) {
      let [drawn, errors] = [0, 0];
      for (const i of group) {
        drawn += times[i];
        if (!correct[i]) errors += times[i];
      }
      for (let k = 1; k <= drawn; k++) area += (wrong + (errors * k) / drawn) / (kept + k);
      kept += drawn;
      wrong += errors;
    }
    return area / kept;
  };
}

/** Risk (y, the share of errors) against coverage (x, the share kept), a point for each distinct score. */
export function riskCoverage(
  scores: ArrayLike<number>,
  correct: ArrayLike<number>,
): { x: number; y: number }[] {
  let [kept, wrong] = [0, 0];
  return groupsByScore(scores).map((group) => {
    for (const i of group) if (!correct[i]) wrong++;
    kept += group.length;
    return { x: kept / scores.length, y: wrong / kept };
  });
}
