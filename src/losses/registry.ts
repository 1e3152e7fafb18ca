import { BUILT_IN, Registry } from '../registry.js';
import { climbedScores, scores } from '../scores/registry.js';
import type { Score } from '../scores/score.js';
import { crossEntropy } from './cross-entropy.js';
import { dlr, dlrTargeted } from './dlr.js';
import { logit, logPxy } from './logit.js';
import type { Loss } from './loss.js';
import { margin, targetMargin } from './margin.js';
import { evadingLoss, scoreLoss } from './of-scores.js';
import { weightedLogits } from './weighted-logits.js';

/** The losses that come with Assay, those of scores apart. */
export const ownLosses = Registry.of<Loss>('loss', [
  crossEntropy,
  margin,
  dlr,
  dlrTargeted,
  targetMargin,
  logit,
  logPxy,
  weightedLogits,
]);

/**
 * Losses, with those of every score that an attacker can climb: itself, under its own name, and the detector that is
 * evaded.
 */
export function withLossesOfScores(own: Registry<Loss>, all: Registry<Score>): Registry<Loss> {
  const climbed = climbedScores(all);
  return own.with(
    [
      ...climbed.map((score) => scoreLoss(score.id, score.climbed)),
      ...climbed.map((score) => evadingLoss(`evade-${score.id}`, score.climbed)),
    ],
    BUILT_IN,
  );
}

/** Every loss that comes with Assay. */
export const losses = withLossesOfScores(ownLosses, scores);
