import { normalQuantile } from '../distributions/distributions.js';
import type { Estimate } from '../estimates/estimate.js';
import { errorOfMean } from '../estimates/mean-variance.js';
import { NO_INTERVAL, unlessAlike } from '../estimates/unless-alike.js';
import { rankScores } from '../ranking/ranking.js';
import { chanceAtLeast } from '../ranking/separation-bounds.js';
import { type Influence, riskInfluence } from './risk-influence.js';
import { areasOf, type SelectiveAreas } from './selective-areas.js';

/**
 * Areas under the risk of examples that are kept by a score, with normal intervals by their influence functions, cut to
 * [0, 1]: what a bootstrap tells, in O(n log n). Those of fd-shifts differ from the others by terms of 1 / n, and so have
 * intervals as wide.
 *
 * Where all predictions are right, nothing varies. The error rate is then e = 1 - alpha^(1/n) at most (Clopper & Pearson 1934,
 * one-sided), and the share c that is kept costs min(1, e / c) at most, were all errors kept first. So AURC is at most its mean over
 * c, e (1 - log e), and AUGRC, the mean of min(c, e), at most e - e^2 / 2.
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
  const n = group.length;
  if (n > 0 && losses.every((loss) => loss === 0)) return errorless(areas, n, level);
  const influence = riskInfluence({ counts, losses });
  const half = (of: Influence) =>
    normalQuantile(level) * errorOfMean(Float64Array.from(group, (g, i) => of(g, correct[i] === 1 ? 0 : 1)));
  const [ofAurc, ofAugrc] = [half(influence.aurc), half(influence.augrc)];
  const estimate = (value: number, off: number): Estimate => {
    // Of predictions that are all wrong, rounding leaves an error that is nearly 0.
    const interval = off > 0 ? unlessAlike([Math.max(0, value - off), Math.min(1, value + off)]) : null;
    const about = { value, n, interval, level };
    if (interval) return { ...about, method: 'influence' };
    return { ...about, method: 'none', ...(n > 0 && { why: NO_INTERVAL.errorless }) };
  };
  return {
    aurc: estimate(areas.aurc, ofAurc),
    augrc: estimate(areas.augrc, ofAugrc),
    aurcFdShifts: estimate(areas.aurcFdShifts, ofAurc),
    augrcFdShifts: estimate(areas.augrcFdShifts, ofAugrc),
  };
}

/** Areas that are 0, with what the number of examples says. */
function errorless(areas: SelectiveAreas, n: number, level: number): Record<keyof SelectiveAreas, Estimate> {
  const e = 1 - chanceAtLeast(n, level);
  const upTo = (value: number, most: number): Estimate => ({
    ...{ value, n, interval: [0, most], level, method: 'clopper-pearson-one-sided' },
    why: 'one-sided exact interval (Clopper-Pearson), since no prediction is wrong',
  });
  const [risk, joint] = [e * (1 - Math.log(e)), e - (e * e) / 2];
  return {
    aurc: upTo(areas.aurc, risk),
    augrc: upTo(areas.augrc, joint),
    aurcFdShifts: upTo(areas.aurcFdShifts, risk),
    augrcFdShifts: upTo(areas.augrcFdShifts, joint),
  };
}
