import { unknownName } from '../errors.js';
import { approximateMass } from './approximate-mass.js';
import { energy } from './energy.js';
import { entropy } from './entropy.js';
import { logPx } from './log-px.js';
import { mahalanobis } from './mahalanobis.js';
import { margin } from './margin.js';
import { maxLogit } from './max-logit.js';
import { maxSoftmax } from './max-softmax.js';
import type { Climbed, Score } from './score.js';

const rows: readonly Score[] = [
  logPx,
  maxLogit,
  maxSoftmax,
  energy,
  entropy,
  margin,
  approximateMass,
  mahalanobis,
];

/** Every score, by id. */
export const scores: ReadonlyMap<string, Score> = new Map(rows.map((score) => [score.id, score]));

/** Those that an attacker can climb. */
export const climbedScores: readonly (Score & { climbed: Climbed })[] = rows.flatMap((score) =>
  score.climbed ? [{ ...score, climbed: score.climbed }] : [],
);

/** The score of that id. Errors: `unknown-name`. */
export function scoreNamed(id: string): Score {
  const score = scores.get(id);
  if (!score) throw unknownName('OOD score', id, [...scores.keys()]);
  return score;
}
