import type { Loss } from '../losses/loss.js';
import { losses } from '../losses/registry.js';
import { Registry } from '../registry.js';
import { climbedScores, scores } from '../scores/registry.js';
import type { Score } from '../scores/score.js';

/** Name of a loss that an attacker can follow. */
export type AttackLoss = string;

/** A loss as an attacker follows it. */
export interface FollowedLoss extends Pick<Loss, 'name' | 'classes' | 'instead'> {
  /** What the system differentiates. */
  of: string;
  /** +1 when the attacker ascends, -1 when it descends. */
  direction: 1 | -1;
  /** Whether a target enters beside the label; a loss without is, with a target, that of the target, descended. */
  targeted: boolean;
  value: Loss['value'];
}

const follow = ({ name, classes, instead, aims, direction, value }: Loss): FollowedLoss => ({
  name,
  classes,
  ...(instead !== undefined && { instead }),
  of: name,
  direction,
  targeted: aims.includes('targets'),
  value,
});

/** Name of the loss that makes a score as high as can be. */
export const raising = (score: string): AttackLoss => `raise-${score}`;
/** Name of the loss whose mistakes a detector by that score lets pass. */
export const evading = (score: string): AttackLoss => `evade-${score}`;

/** What an attacker can follow: every loss, and `raise-SCORE` for every score that can be climbed. */
export function followedLosses(all: Registry<Loss>, ofScores: Registry<Score>): Registry<FollowedLoss> {
  return Registry.of<FollowedLoss>('loss', [
    ...[...all].map(follow),
    ...climbedScores(ofScores).map(({ id }) => ({
      ...follow({ ...all.named(id), direction: 1 }),
      name: raising(id),
    })),
  ]);
}

/** Of the losses that come with Assay. */
export const followed = followedLosses(losses, scores);

/** What a user may choose where a mistake is the goal. The others come with a method or with a goal. */
export const chosenLosses = (all: Iterable<Loss>): AttackLoss[] =>
  [...all].filter(({ chosen }) => chosen).map(({ name }) => name);

/** The loss that is really attacked: a margin where the chosen one needs more classes than there are. */
export function definedLoss(name: AttackLoss, classes: number, known: Registry<FollowedLoss>): AttackLoss {
  const loss = known.find(name);
  return loss?.instead !== undefined && classes < loss.classes ? loss.instead : name;
}
