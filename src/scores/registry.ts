import { Registry } from '../registry.js';
import { adascaleA, adascaleL } from './adascale.js';
import { approximateMass } from './approximate-mass.js';
import { energy } from './energy.js';
import { entropy } from './entropy.js';
import { logPx } from './log-px.js';
import { mahalanobis } from './mahalanobis.js';
import { margin } from './margin.js';
import { maxLogit } from './max-logit.js';
import { maxSoftmax } from './max-softmax.js';
import { odin } from './odin.js';
import { refine, refineGrad, refineL2 } from './refine.js';
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
  odin,
  adascaleA,
  adascaleL,
  refine,
  refineGrad,
  refineL2,
];

/** Every score that comes with Assay, by id. */
export const scores = Registry.by<Score>('OOD score', ({ id }) => id, rows);

/** Those that an attacker can climb. */
export const climbedScores = (all: Iterable<Score>): (Score & { climbed: Climbed })[] =>
  [...all].flatMap((score) => (score.climbed ? [{ ...score, climbed: score.climbed }] : []));
