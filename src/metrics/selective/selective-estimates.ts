import { chanceAtLeast } from '../distributions/beta-distribution.js';
import { normalQuantile } from '../distributions/distributions.js';
import type { Estimate } from '../estimates/estimate.js';
import { logitEnds } from '../estimates/logit-ends.js';
import { errorOfMean } from '../estimates/mean-variance.js';
import { NO_INTERVAL, unlessAlike } from '../estimates/unless-alike.js';
import { rankScores } from '../ranking/ranking.js';
import { type Influence, riskInfluence } from './risk-influence.js';
import { areasOf, type SelectiveAreas } from './selective-areas.js';

/**
 * Areas under the risk of examples that are kept by a score, with intervals of their logits by their influence functions (normal ones
 * of the areas are too short next to 0: docs/coverage.md), in O(n log n). Those of fd-shifts differ from the others by terms of 1 / n, and so have
 * intervals as wide.
 *
 * Where all predictions are right, nothing varies, and where nearly all are, an interval reaches at least as far. The error rate is then e = 1 - alpha^(1/n) at most (Clopper & Pearson 1934,
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
  const error = (of: Influence) =>
    errorOfMean(Float64Array.from(group, (g, i) => of(g, correct[i] === 1 ? 0 : 1)));
  const [ofAurc, ofAugrc] = [error(influence.aurc), error(influence.augrc)];
  const without = n > 0 ? errorless(areas, n, level) : undefined;
  const estimate = (name: keyof SelectiveAreas, error: number): Estimate => {
    const value = areas[name];
    // Of predictions that are all wrong, rounding leaves an error that is nearly 0.
    const ends =
      error > 0 && value > 0 && value < 1
        ? unlessAlike(logitEnds(value, error, normalQuantile(level)))
        : null;
    const about = { value, n, level };
    if (!ends)
      return { ...about, interval: null, method: 'none', ...(n > 0 && { why: NO_INTERVAL.errorless }) };
    const far = without?.[name].interval?.[1] ?? 0;
    return {
      ...about,
      interval: [ends[0], Math.max(ends[1], far)],
      method: 'influence-logit',
      ...(far > ends[1] && { why: AS_FAR_AS_ERRORLESS }),
    };
  };
  return {
    aurc: estimate('aurc', ofAurc),
    augrc: estimate('augrc', ofAugrc),
    aurcFdShifts: estimate('aurcFdShifts', ofAurc),
    augrcFdShifts: estimate('augrcFdShifts', ofAugrc),
  };
}

const AS_FAR_AS_ERRORLESS =
  'the upper end of the interval is that of predictions none of which is wrong (Clopper-Pearson)';

/** Areas that are 0, with what the number of examples says. */
function errorless(areas: SelectiveAreas, n: number, level: number): Record<keyof SelectiveAreas, Estimate> {
  const e = 1 - chanceAtLeast(n, 1 - level);
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
