import { Registry } from '../registry.js';
import { adascaleA, adascaleL } from './adascale.js';
import { approximateMass } from './approximate-mass.js';
import { ashB } from './ash-b.js';
import { ashP } from './ash-p.js';
import { ashS } from './ash-s.js';
import { dice } from './dice.js';
import { energy } from './energy.js';
import { entropy } from './entropy.js';
import { fdbd } from './fdbd.js';
import { gen } from './gen.js';
import { gradnorm } from './gradnorm.js';
import { klMatching } from './kl-matching.js';
import { knn } from './knn.js';
import { logPx } from './log-px.js';
import { mahalanobis } from './mahalanobis.js';
import { margin } from './margin.js';
import { maxLogit } from './max-logit.js';
import { maxSoftmax } from './max-softmax.js';
import { mdsPlusPlus } from './mds-plus-plus.js';
import { nci } from './nci.js';
import { nnguide } from './nnguide.js';
import { odin } from './odin.js';
import { rankfeat } from './rankfeat.js';
import { react } from './react.js';
import { refine, refineGrad, refineL2 } from './refine.js';
import { relation } from './relation.js';
import { residual } from './residual.js';
import { rmds } from './rmds.js';
import { scale } from './scale.js';
import type { Climbed, Score } from './score.js';
import { she } from './she.js';
import { tempScaledMsp } from './temp-scaled-msp.js';
import { typicality } from './typicality.js';
import { vim } from './vim.js';
import { vra } from './vra.js';

const rows: readonly Score[] = [
  logPx,
  maxLogit,
  maxSoftmax,
  energy,
  entropy,
  margin,
  approximateMass,
  tempScaledMsp,
  gen,
  klMatching,
  typicality,
  mahalanobis,
  mdsPlusPlus,
  rmds,
  knn,
  residual,
  vim,
  she,
  nnguide,
  relation,
  fdbd,
  nci,
  gradnorm,
  react,
  vra,
  dice,
  ashP,
  ashB,
  ashS,
  scale,
  odin,
  adascaleA,
  adascaleL,
  rankfeat,
  refine,
  refineGrad,
  refineL2,
];

/** Every score that comes with Assay, by id. */
export const scores = Registry.by<Score>('OOD score', ({ id }) => id, rows);

/** Those that an attacker can climb. */
export const climbedScores = (all: Iterable<Score>): (Score & { climbed: Climbed })[] =>
  [...all].flatMap((score) => (score.climbed ? [{ ...score, climbed: score.climbed }] : []));
