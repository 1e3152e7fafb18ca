import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { EPSILON_PATTERN, parseEpsilons } from '../../src/attacks/epsilon.js';
import { type AttackLoss, attackLossNames } from '../../src/attacks/losses.js';
import { normNamed, norms } from '../../src/attacks/norms.js';
import { attacks, settledOptions } from '../../src/attacks/registry.js';
import { AssayError } from '../../src/errors.js';
import type { SystemInfo } from '../../src/models/system.js';
import { type AttackParams, campaignOf } from '../../src/suites/measurements/attack.js';

const oneOf = (names: Iterable<string>, rest: object) =>
  Type.Union(
    [...names].map((name) => Type.Literal(name)),
    rest,
  );

const Common = Type.Object({
  method: Type.Unsafe<string>(oneOf(attacks.keys(), { default: 'pgd', description: 'Which attack.' })),
  norm: Type.Unsafe<string>(oneOf(norms.keys(), { default: 'Linf', description: 'Norm of the ball.' })),
  epsilons: Type.Optional(
    Type.Array(
      Type.Union([Type.String({ pattern: EPSILON_PATTERN }), Type.Number({ exclusiveMinimum: 0 })]),
      {
        minItems: 1,
        description:
          'Radii in units of pixels in [0, 1], such as 8/255. Default: 2/255, 4/255, 8/255 for Linf; 0.25, 0.5, 1 for L2.',
      },
    ),
  ),
  restarts: Type.Integer({
    minimum: 1,
    maximum: 10_000,
    default: 1,
    description: 'Runs per radius, if they can differ.',
  }),
  loss: Type.Unsafe<AttackLoss>(
    oneOf(attackLossNames, { default: 'cross-entropy', description: 'What the attacker climbs.' }),
  ),
  keep: Type.Union([Type.Literal('first'), Type.Literal('strongest')], {
    default: 'first',
    description:
      'first: an example leaves at its first misclassified point. strongest: all steps are run and the point of highest loss is kept; the same verdicts, better for transfer.',
  }),
  eot: Type.Integer({
    minimum: 1,
    maximum: 10_000,
    default: 4,
    description: 'Stochastic systems: draws whose gradients are averaged at every point.',
  }),
  confirm: Type.Integer({
    minimum: 1,
    maximum: 10_000,
    default: 8,
    description: 'Stochastic systems: fresh draws whose mean logits must be wrong too.',
  }),
  examples: Type.Optional(
    Type.Integer({ minimum: 1, description: 'Attack only the first so many examples. Default: all.' }),
  ),
  pictures: Type.Integer({
    minimum: 0,
    maximum: 50,
    default: 6,
    description: 'Adversarial images shown per system.',
  }),
  checks: Type.Boolean({
    default: true,
    description: 'Also run the cheap attacks that tell masked gradients from robustness.',
  }),
});

/** The options of every attack, none required: which belong to the chosen one is checked when planning. */
function ownOptions(): Record<string, TSchema> {
  const all = [...attacks.values()].flatMap((attack) => Object.entries(attack.options.properties));
  return Object.fromEntries(
    all.map(([key, { default: preset, ...schema }]) => {
      const hint = preset === undefined ? '' : ` Default: ${String(preset)}.`;
      return [
        key,
        Type.Optional({ ...schema, description: `${schema.description ?? ''}${hint}` } as TSchema),
      ];
    }),
  );
}

export type AttackOptions = Static<typeof Common> & Record<string, unknown>;

export const AttackOptions = Type.Unsafe<AttackOptions>(
  Type.Object({ ...Common.properties, ...ownOptions() }, { additionalProperties: false }),
);

/**
 * What a system is attacked with. Draws are an affair of stochastic systems, so that two ways of asking for the
 * same attack on a deterministic one are the same request.
 * Errors: `config-invalid` for options the method does not have, and radii that are no numbers.
 */
export function attackParams(options: AttackOptions, system: SystemInfo): AttackParams {
  const { method, norm, epsilons, restarts, loss, keep, eot, confirm } = options;
  const own = Object.entries(options).filter(([key]) => !(key in Common.properties));
  const radii = parseEpsilons(epsilons ?? normNamed(norm).epsilons);
  const largest = radii[radii.length - 1];
  if (norm === 'Linf' && largest.value > 1) {
    throw new AssayError('config-invalid', 'a radius is larger than the range of pixels', {
      path: 'epsilons',
      expected: 'at most 1 for Linf: radii are in units of pixels in [0, 1]',
      found: largest.text,
      hint: `if it counts grey levels, write ${largest.text}/255`,
    });
  }
  const params: AttackParams = {
    method,
    norm,
    epsilons: radii.map(({ text }) => text),
    restarts,
    loss,
    eot: system.stochastic ? eot : 1,
    confirm: system.stochastic ? confirm : 1,
    keep,
    options: settledOptions(method, Object.fromEntries(own)),
  };
  campaignOf(params);
  return params;
}

/** What the cheap checks run: one step at the same radii, and a radius at which nothing can be robust. */
export function checkParams(
  params: AttackParams,
): { oneStep: AttackParams; hugeRadius?: AttackParams } | null {
  if (params.method !== 'pgd') return null;
  const plain = { ...params, restarts: 1, keep: 'first' as const };
  return {
    oneStep: { ...plain, method: 'fgsm', options: {} },
    ...(params.norm === 'Linf' && {
      hugeRadius: { ...plain, epsilons: ['0.5'], options: settledOptions('pgd', { steps: 20 }) },
    }),
  };
}

/** Examples on which the huge radius is tried. */
export const HUGE_RADIUS_EXAMPLES = 64;
