import {
  attackedScores,
  attackingOptions,
  attackLabel,
  attackPlanOf,
  optionsOfAttacks,
  parseEpsilons,
  settledStage,
} from '../../src/attack.js';
import type { AttackParams } from '../../src/measurements.js';
import { type Catalogue, oneOf, type SystemInfo, type TSchema, Type } from '../../src/suite.js';

/** Attacks that climb whatever they are given, untargeted and within a ball. */
const climbing = ({ attacks }: Catalogue) =>
  [...attacks].filter(
    ({ losses, radius, create }) => losses.length > 1 && radius === 'ball' && create({}).targets === 0,
  );

export interface RobustOodOptions extends Record<string, unknown> {
  scores: string[];
  method: string;
  norm: string;
  epsilons?: (string | number)[];
  restarts?: number;
  eot: number;
  confirm: number;
  examples: number;
  resamples: number;
}

const shared = (catalogue: Catalogue) =>
  ({
    scores: Type.Array(oneOf(attackedScores(catalogue.scores), {}), {
      minItems: 1,
      uniqueItems: true,
      default: attackedScores(catalogue.scores),
      description: 'Detectors: scores that an attacker can follow; higher means in-distribution.',
    }),
    method: oneOf(
      climbing(catalogue).map(({ name }) => name),
      { default: 'apgd', description: 'Which attack; only those that can climb any loss.' },
    ),
    norm: oneOf(catalogue.norms.names, { default: 'Linf', description: 'Norm of the ball.' }),
    epsilons: attackingOptions(catalogue).properties.epsilons,
    restarts: attackingOptions(catalogue).properties.restarts,
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
    examples: Type.Integer({
      minimum: 1,
      default: 500,
      description:
        'Attack only the first n examples of every set. Thresholds and the in-distribution side of AUROC use all examples.',
    }),
    resamples: Type.Integer({ minimum: 100, default: 1000, description: 'Bootstrap resamples.' }),
  }) satisfies Record<string, TSchema>;

export function robustOodOptions(catalogue: Catalogue) {
  const { targets: _, ...own } = optionsOfAttacks(climbing(catalogue));
  return Type.Unsafe<RobustOodOptions>(
    Type.Object({ ...shared(catalogue), ...own }, { additionalProperties: false }),
  );
}

/** How a system is attacked, whatever for. */
export interface DetectorAttack {
  params: Omit<AttackParams, 'goal' | 'keep'>;
  /** `PGD-40`. */
  label: string;
  /** Parameters of the measures. */
  about: { norm: string; method: string } & Record<string, string | number | boolean>;
}

/** Errors: `config-invalid` for options that the method does not have, and radii that are no numbers. */
export function resolveDetectorAttack(
  options: RobustOodOptions,
  system: SystemInfo,
  catalogue: Catalogue,
): DetectorAttack {
  const { method, norm, restarts, eot, confirm } = options;
  const others = shared(catalogue);
  const given = Object.fromEntries(Object.entries(options).filter(([key]) => !(key in others)));
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
