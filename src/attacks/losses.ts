import { unknownName } from '../errors.js';
import type { Loss } from '../losses/loss.js';
import { losses } from '../losses/registry.js';
import { climbedScores } from '../scores/registry.js';

/** Name of a loss that an attacker can follow. */
export type AttackLoss = string;

/** A loss as an attacker follows it. */
export interface FollowedLoss {
  /** What the system differentiates. */
  of: string;
  /** +1 when the attacker ascends, -1 when it descends. */
  direction: 1 | -1;
  /** Whether a target enters beside the label; a loss without is, with a target, that of the target, descended. */
  targeted: boolean;
  value: Loss['value'];
}

const follow = ({ name, aims, direction, value }: Loss): FollowedLoss => ({
  of: name,
  direction,
  targeted: aims.includes('targets'),
  value,
});

/** Name of the loss that makes a score as high as can be. */
export const raising = (score: string): AttackLoss => `raise-${score}`;
/** Name of the loss whose mistakes a detector by that score lets pass. */
export const evading = (score: string): AttackLoss => `evade-${score}`;

const followed: ReadonlyMap<string, FollowedLoss> = new Map([
  ...[...losses].map(([name, loss]) => [name, follow(loss)] as const),
  ...climbedScores.flatMap(({ id }) => {
    const loss = losses.get(id);
    return loss ? [[raising(id), follow({ ...loss, direction: 1 })] as const] : [];
  }),
]);

/** What an attacker can follow: every loss, and `raise-SCORE`. Errors: `unknown-name`. */
export function followedLoss(name: AttackLoss): FollowedLoss {
  const loss = followed.get(name);
  if (!loss) throw unknownName('loss', name, [...followed.keys()]);
  return loss;
}

/** What a user may choose where a mistake is the goal. The others come with a method or with a goal. */
export const attackLossNames: readonly AttackLoss[] = [...losses.values()]
  .filter(({ chosen }) => chosen)
  .map(({ name }) => name);

/** The loss that is really attacked: a margin where the chosen one needs more classes than there are. */
export function definedLoss(name: AttackLoss, classes: number): AttackLoss {
  const loss = losses.get(name);
  return loss?.instead !== undefined && classes < loss.classes ? loss.instead : name;
}
