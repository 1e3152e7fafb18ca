import { type Static, Type } from '@sinclair/typebox';
import { EPSILON_PATTERN, parseEpsilon } from '../../src/attacks/epsilon.js';
import { norms } from '../../src/attacks/norms.js';
import type { DatasetInfo } from '../../src/data/dataset.js';
import { ChainOptions } from '../../src/models/defences/purification.js';
import type { SystemInfo } from '../../src/models/system.js';
import { type Request, request } from '../../src/suites/contract.js';
import { type AttackParams, attackRequest, settledStage } from '../../src/suites/measurements/attack.js';
import { adaptiveAttack, purifiedRequest } from '../../src/suites/measurements/purified.js';

export const PurificationOptions = Type.Object(
  {
    steps: Type.Array(Type.Integer({ minimum: 0, maximum: 100_000 }), {
      minItems: 1,
      default: [1, 10],
      description: 'Numbers of SGLD steps to compare; 0 is input noise alone.',
    }),
    by: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'Name of the model that purifies. Default: every classifier by itself, if it has log p(x).',
      }),
    ),
    ...ChainOptions,
    examples: Type.Integer({
      minimum: 1,
      default: 64,
      description: 'Only the first so many: chains are dear.',
    }),
    norm: Type.Unsafe<string>(
      Type.Union(
        [...norms.keys()].map((name) => Type.Literal(name)),
        { default: 'Linf', description: 'Norm of the ball of both attacks.' },
      ),
    ),
    epsilon: Type.Union([Type.String({ pattern: EPSILON_PATTERN }), Type.Number({ exclusiveMinimum: 0 })], {
      default: '8/255',
      description: 'Radius of both attacks.',
    }),
    attackSteps: Type.Integer({
      minimum: 1,
      default: 40,
      description: 'PGD steps against the bare model, whose images are then purified (transfer).',
    }),
    adaptive: Type.Object(
      {
        steps: Type.Integer({
          minimum: 0,
          default: 10,
          description: 'PGD steps against model and purification together; 0 leaves this attack out.',
        }),
        eot: Type.Integer({ minimum: 1, default: 2, description: 'Draws averaged for each gradient.' }),
        confirm: Type.Integer({
          minimum: 1,
          default: 4,
          description: 'Fresh draws whose mean logits must be wrong too.',
        }),
        examples: Type.Integer({ minimum: 1, default: 32, description: 'Only the first so many.' }),
      },
      { default: {}, additionalProperties: false, description: 'The attack by BPDA and EOT.' },
    ),
  },
  { additionalProperties: false },
);
export type PurificationOptions = Static<typeof PurificationOptions>;

/** What is asked of one classifier on one data set. */
export interface PurificationRequests {
  /** Ascending. */
  steps: readonly number[];
  by: string;
  transfer: Request<never>;
  clean: Request<never>;
  transferred: Request<never>;
  /** One for each number of steps; empty when left out. */
  adaptive: readonly Request<never>[];
}

/** The name of the model that purifies for a system, or why there is none. */
export function purifierOf(
  system: SystemInfo,
  systems: readonly SystemInfo[],
  { by }: PurificationOptions,
): { by: string } | { reason: string } {
  if (system.stochastic) return { reason: 'it stands behind a defence already' };
  if (by !== undefined && by !== system.name) {
    const other = systems.find(({ name }) => name === by);
    // A pure energy model does not classify and is not among the systems of this suite: its measurement checks it.
    return other?.stochastic ? { reason: `"${by}" is stochastic and cannot purify` } : { by };
  }
  if (system.offers.includes('logPx')) return { by: system.name };
  return { reason: system.lacks.logPx ?? 'it has no log p(x) to climb' };
}

export function requestsFor(
  { name: system }: SystemInfo,
  { name: dataset }: DatasetInfo,
  by: string,
  options: PurificationOptions,
): PurificationRequests {
  const { stepSize, noise, inputNoise, chains, clamp, examples, adaptive } = options;
  const steps = [...new Set(options.steps)].sort((a, b) => a - b);
  const chain = { by, stepSize, noise, inputNoise, chains, clamp };
  // The strongest point and not the first broken one: an image just across the boundary is brought back by noise.
  const pgd = (count: number) => [settledStage({ method: 'pgd', options: { steps: count } })];
  const attack: AttackParams = {
    attacks: pgd(options.attackSteps),
    norm: options.norm,
    epsilons: [parseEpsilon(options.epsilon, 'epsilon').text],
    goal: { kind: 'mistake' },
    eot: 1,
    confirm: 1,
    keep: 'strongest',
  };
  const transfer = attackRequest(system, dataset, attack, examples);
  const whole: AttackParams = {
    ...attack,
    keep: 'first',
    eot: adaptive.eot,
    confirm: adaptive.confirm,
    attacks: pgd(Math.max(1, adaptive.steps)),
  };
  return {
    steps,
    by,
    transfer,
    clean: purifiedRequest(system, dataset, { ...chain, steps }, examples),
    transferred: purifiedRequest(system, dataset, { ...chain, steps }, examples, transfer),
    adaptive:
      adaptive.steps === 0
        ? []
        : steps.map((count) =>
            request({
              measurement: adaptiveAttack,
              system,
              dataset,
              params: { purify: { ...chain, steps: count }, attack: whole },
              first: adaptive.examples,
            }),
          ),
  };
}
