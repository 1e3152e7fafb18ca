import { normalQuantile } from '../distributions/distributions.js';
import type { Estimate } from '../estimates/estimate.js';
import { errorOfMean } from '../estimates/mean-variance.js';
import { NO_INTERVAL } from '../estimates/unless-alike.js';
import { rankScores } from '../ranking/ranking.js';
import { type Influence, riskInfluence } from './risk-influence.js';
import { areasOf, type SelectiveAreas } from './selective-areas.js';

/**
 * Areas under the risk of examples that are kept by a score, with normal intervals by their influence functions, cut to
 * [0, 1]: what a bootstrap tells, in O(n log n). Those of fd-shifts differ from the others by terms of 1 / n, and so have
 * intervals as wide.
 * @param scores (n) Errors: `data-invalid` for a NaN
 * @param correct (n) 1 where the prediction is right
 */
export function selectiveEstimates(
  scores: ArrayLike<number>,
  correct: ArrayLike<number>,
  level = 0.95,
): Record<keyof SelectiveAreas, Estimate> {
  const { groups, id: group } = rankScores(scores, []);
  const [counts, losses] = [new Float64Array(groups), new Float64Array(groups)];
  for (let i = 0; i < group.length; i++) {
    counts[group[i]!]!++;
    if (correct[i] !== 1) losses[group[i]!]!++;
  }
  const areas = areasOf({ counts, losses });
  const influence = riskInfluence({ counts, losses });
  const half = (of: Influence) =>
    normalQuantile(level) * errorOfMean(Float64Array.from(group, (g, i) => of(g, correct[i] === 1 ? 0 : 1)));
  const [ofAurc, ofAugrc] = [half(influence.aurc), half(influence.augrc)];
  const estimate = (value: number, off: number): Estimate => ({
    value,
    n: group.length,
    interval: off > 0 ? [Math.max(0, value - off), Math.min(1, value + off)] : null,
    level,
    method: off > 0 ? 'influence' : 'none',
    ...(!(off > 0) && group.length > 0 && { why: NO_INTERVAL.errorless }),
  });
  return {
    aurc: estimate(areas.aurc, ofAurc),
    augrc: estimate(areas.augrc, ofAugrc),
    aurcFdShifts: estimate(areas.aurcFdShifts, ofAurc),
    augrcFdShifts: estimate(areas.augrcFdShifts, ofAugrc),
  };
}
