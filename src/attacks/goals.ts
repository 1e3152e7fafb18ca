import { unknownName } from '../errors.js';
import type { ExampleArguments } from '../losses/loss.js';
import { marginOf } from '../losses/margin.js';
import { argmaxOf } from '../metrics/softmax.js';
import type { Registry } from '../registry.js';
import { climbedScores } from '../scores/registry.js';
import type { Score } from '../scores/score.js';
import { type AttackLoss, evading, type FollowedLoss, raising } from './losses.js';

/** Scores of familiarity that have a gradient: higher for what looks like the training data. */
export const attackedScores = (scores: Iterable<Score>): AttackedScore[] =>
  climbedScores(scores).map(({ id }) => id);
/** Id of one of these. */
export type AttackedScore = string;

/** What an attacker is after, as plain JSON. */
export type GoalParams =
  /** A mistake. */
  | { kind: 'mistake' }
  /** A mistake on an image whose score still reaches the threshold, so that a detector lets it pass. */
  | { kind: 'evade'; score: AttackedScore; threshold: number }
  /** A score as high as can be: images from elsewhere that are to look familiar. Nothing counts as broken. */
  | { kind: 'raise'; score: AttackedScore };

/** What an attacker is after. */
export interface Goal {
  /** The loss to climb, given the one the attack was asked to climb. */
  loss(own: AttackLoss): AttackLoss;
  /** Whether the outputs at some point are what the attacker wants. */
  reached(logits: ArrayLike<number>, aim: ExampleArguments): boolean;
  /** By how much, in units of the logits: above 0 where it is reached. */
  clearance(logits: ArrayLike<number>, aim: ExampleArguments): number;
  /** What a score must reach. */
  threshold: number;
  /** Only a mistake can be sought by attacks that have a loss of their own. */
  anyAttack: boolean;
  /** Whether correct classification and labels matter at all. */
  labelled: boolean;
}

const mistake: Goal = {
  loss: (own) => own,
  reached: (logits, { label }) => argmaxOf(logits) !== label,
  clearance: (logits, { label }) => marginOf(logits, label),
  threshold: 0,
  anyAttack: true,
  labelled: true,
};

/** Errors: `unknown-name` for a score that has no gradient. */
export function goalOf(
  params: GoalParams,
  { scores, followed }: { scores: Registry<Score>; followed: Registry<FollowedLoss> },
): Goal {
  if (params.kind === 'mistake') return mistake;
  const known = attackedScores(scores);
  if (!known.includes(params.score)) throw unknownName('score with a gradient', params.score, known);
  const { score } = params;
  if (params.kind === 'raise') {
    return {
      loss: () => raising(score),
      reached: () => false,
      clearance: () => Number.NEGATIVE_INFINITY,
      threshold: 0,
      anyAttack: false,
      labelled: false,
    };
  }
  const { threshold } = params;
  const raised = followed.named(raising(score));
  return {
    loss: () => evading(score),
    reached: (logits, aim) => argmaxOf(logits) !== aim.label && raised.value(logits, aim) >= threshold,
    clearance: followed.named(evading(score)).value,
    threshold,
    anyAttack: false,
    labelled: true,
  };
}
