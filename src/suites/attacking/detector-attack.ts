import { parseEpsilons } from '../../attacks/epsilon.js';
import { attackedScores } from '../../attacks/goals.js';
import type { AttackRow } from '../../attacks/registry.js';
import { type TProperties, Type } from '../../config/type.js';
import type { SystemInfo } from '../../models/system.js';
import type { Catalogue } from '../catalogue.js';
import { type AttackParams, attackPlanOf, settledStage } from '../measurements/attack.js';
import { oneOf } from '../one-of.js';
import { attackingOptions, optionsOfAttacks } from './options.js';
import { attackLabel } from './resolve-attack.js';

/** Attacks that climb whatever they are given, untargeted and within a ball. */
const climbing = ({ attacks }: Catalogue): AttackRow[] =>
  [...attacks].filter(
    ({ losses, radius, create }) => losses.length > 1 && radius === 'ball' && create({}).targets === 0,
  );

/** How a detector is attacked, with options of the attack beside these. */
export interface DetectorAttackOptions extends Record<string, unknown> {
  method: string;
  norm: string;
  epsilons?: (string | number)[];
  restarts?: number;
  eot: number;
  confirm: number;
}

/** Options of attacks on detectors that do not belong to one attack. */
export function detectorAttackOptions(catalogue: Catalogue) {
  const { epsilons, restarts } = attackingOptions(catalogue).properties;
  return {
    method: oneOf(
      climbing(catalogue).map(({ name }) => name),
      { default: 'apgd', description: 'Which attack; only those that can climb any loss.' },
    ),
    norm: oneOf(catalogue.norms.names, { default: 'Linf', description: 'Norm of the ball.' }),
    epsilons,
    restarts,
    eot: Type.Integer({
      minimum: 1,
      maximum: 10_000,
      default: 4,
      description: 'Stochastic systems: number of draws whose gradients are averaged at every point.',
    }),
    confirm: Type.Integer({
      minimum: 1,
      maximum: 10_000,
      default: 8,
      description:
        'Stochastic systems: number of fresh draws whose mean logits and mean log p(x) decide, for clean and for attacked images.',
    }),
  };
}

/** Those that belong to one. */
export function optionsOfDetectorAttacks(catalogue: Catalogue): TProperties {
  const { targets: _, ...own } = optionsOfAttacks(climbing(catalogue));
  return own;
}

/** Scores that an attacker can follow. */
export const detectorScores = ({ scores }: Catalogue) => attackedScores(scores);

/** How a system is attacked, whatever for. */
export interface DetectorAttack {
  params: Omit<AttackParams, 'goal' | 'keep'>;
  /** `PGD-40`. */
  label: string;
  /** Parameters of the measures. */
  about: { norm: string; method: string } & Record<string, string | number | boolean>;
}

/**
 * Errors: `config-invalid` for options that the method does not have, and radii that are no numbers.
 * @param beside names of options that are no attack's
 */
export function resolveDetectorAttack(
  options: DetectorAttackOptions,
  beside: readonly string[],
  system: Pick<SystemInfo, 'stochastic'>,
  catalogue: Catalogue,
): DetectorAttack {
  const { method, norm, restarts, eot, confirm } = options;
  const others = [...beside, ...Object.keys(detectorAttackOptions(catalogue))];
  const given = Object.fromEntries(Object.entries(options).filter(([key]) => !others.includes(key)));
  const stage = settledStage({ method, ...(restarts && { restarts }), options: given }, catalogue);
  const epsilons = parseEpsilons(options.epsilons ?? catalogue.norms.named(norm).epsilons).map(
    ({ text }) => text,
  );
  const params = {
    attacks: [stage],
    norm,
    epsilons,
    eot: system.stochastic ? eot : 1,
    confirm: system.stochastic ? confirm : 1,
  };
  attackPlanOf({ ...params, goal: { kind: 'raise', score: 'max-logit' }, keep: 'strongest' }, catalogue);
  const scalars = Object.entries(stage.options).filter(([, value]) => typeof value !== 'object');
  return {
    params,
    label: attackLabel(catalogue.attacks.named(method).create(stage.options, stage.loss), stage.restarts),
    about: { norm, method, restarts: stage.restarts, ...Object.fromEntries(scalars) },
  };
}
