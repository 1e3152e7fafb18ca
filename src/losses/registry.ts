import { unknownName } from '../errors.js';
import { climbedScores } from '../scores/registry.js';
import { crossEntropy } from './cross-entropy.js';
import { dlr, dlrTargeted } from './dlr.js';
import { logit, logPxy } from './logit.js';
import type { Loss } from './loss.js';
import { margin, targetMargin } from './margin.js';
import { evadingLoss, scoreLoss } from './of-scores.js';

const rows: readonly Loss[] = [
  crossEntropy,
  margin,
  dlr,
  dlrTargeted,
  targetMargin,
  logit,
  logPxy,
  // Of every score that an attacker can climb: itself, under its own name, and the detector that is evaded.
  ...climbedScores.map(({ id, climbed }) => scoreLoss(id, climbed)),
  ...climbedScores.map(({ id, climbed }) => evadingLoss(`evade-${id}`, climbed)),
];

/** Every loss, by name. */
export const losses: ReadonlyMap<string, Loss> = new Map(rows.map((loss) => [loss.name, loss]));

/** The loss of that name. Errors: `unknown-name`. */
export function lossNamed(name: string): Loss {
  const loss = losses.get(name);
  if (!loss) throw unknownName('loss', name, [...losses.keys()]);
  return loss;
}
