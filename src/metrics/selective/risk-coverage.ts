import { rankScores } from '../ranking/ranking.js';
import { selectiveAreas } from './selective-areas.js';

/**
 * The area under the risk-coverage curve (Geifman & El-Yaniv 2017): the mean, over the numbers k of examples that may be
 * kept, of the share of errors among the k with the highest scores. 0 is best; a score that says nothing gives the error
 * rate. Examples with equal scores are kept in any order: the mean over these.
 * @param scores (n) Errors: `data-invalid` for a NaN
 * @param correct (n) 1 where the prediction is right
 * @returns a function of how often each example was drawn, (n)
 */
export function areaUnderRisk(
  scores: ArrayLike<number>,
  correct: ArrayLike<number>,
): (times: Uint8Array) => number {
  const areas = selectiveAreas(
    scores,
    Uint8Array.from(correct, (right) => (right ? 0 : 1)),
  );
  return (times) => areas(times).aurc;
}

/** Risk (y, the share of errors) against coverage (x, the share kept), a point for each distinct score. */
export function riskCoverage(
  scores: ArrayLike<number>,
  correct: ArrayLike<number>,
): { x: number; y: number }[] {
  const { groups, id: group } = rankScores(scores, []);
  const [counts, errors] = [new Int32Array(groups), new Int32Array(groups)];
  for (let i = 0; i < group.length; i++) {
    counts[group[i]!]!++;
    if (!correct[i]) errors[group[i]!]!++;
  }
  let [kept, wrong] = [0, 0];
  return Array.from(counts, (count, g) => {
    kept += count;
    wrong += errors[g]!;
    return { x: kept / scores.length, y: wrong / kept };
  });
}
