import { type ResolvedAttack, settledStage } from '../../src/attack.js';
import type { AttackParams } from '../../src/measurements.js';
import type { Catalogue } from '../../src/suite.js';

/** Examples on which the checks are run that ask for no more; and fewer, where every radius is attacked from scratch. */
export const CHECKED_EXAMPLES = 64;
export const EXAMPLES_BY_RADIUS = 32;

/** Cheap attacks that tell masked gradients from robustness. */
export interface Checks {
  /** At the same radii, on all examples. */
  oneStep?: AttackParams;
  /** Each radius on its own, on the first few examples. */
  byRadius: AttackParams[];
  /** A radius at which nothing can be robust, on the first few examples. */
  hugeRadius?: AttackParams;
}

export function checksOf({ params }: ResolvedAttack, catalogue: Catalogue): Checks {
  const one = (
    method: string,
    options: Record<string, unknown>,
    epsilons = params.epsilons,
  ): AttackParams => ({
    ...params,
    keep: 'first',
    epsilons,
    attacks: [settledStage({ method, options }, catalogue)],
  });
  return {
    ...(params.attacks.some(({ method }) => method !== 'fgsm') && { oneStep: one('fgsm', {}) }),
    byRadius: params.epsilons.map((text) => one('pgd', { steps: 10 }, [text])),
    ...(params.norm === 'Linf' && { hugeRadius: one('pgd', { steps: 20 }, ['0.5']) }),
  };
}
