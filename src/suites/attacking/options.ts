import { autoattack } from '../../attacks/compositions.js';
import { epsilonSchema } from '../../attacks/epsilon.js';
import { type AttackLoss, chosenLosses } from '../../attacks/losses.js';
import type { AttackRow } from '../../attacks/registry.js';
import { type Static, type TSchema, Type } from '../../config/type.js';
import type { Catalogue } from '../catalogue.js';
import { oneOf } from '../one-of.js';

const method = ({ attacks }: Catalogue, rest: object) => Type.Unsafe<string>(oneOf(attacks.names, rest));

const loss = ({ losses }: Catalogue) =>
  Type.Optional(
    Type.Unsafe<AttackLoss>(
      oneOf(chosenLosses(losses), {
        description: 'What the attacker climbs, where the attack leaves a choice. Default: cross-entropy.',
      }),
    ),
  );

const restarts = Type.Optional(
  Type.Integer({
    minimum: 1,
    maximum: 10_000,
    description: 'Runs per radius and target, if they can differ. Default: 1.',
  }),
);

/**
 * The options of these attacks, none required: which belong to the chosen one, and what they may be there, is checked
 * when planning. Attacks may share a name for an option that each reads in its own way.
 */
export function optionsOfAttacks(rows: Iterable<AttackRow>): Record<string, TSchema> {
  const byKey = new Map<string, TSchema[]>();
  for (const { options } of rows) {
    for (const [key, schema] of Object.entries<TSchema>(options.properties)) {
      byKey.set(key, [...(byKey.get(key) ?? []), schema]);
    }
  }
  return Object.fromEntries([...byKey].map(([key, schemas]) => [key, Type.Optional(either(schemas))]));
}

/** What any of several schemas allows, without a default: that is the attack's. */
function either(schemas: readonly TSchema[]): TSchema {
  const presets = new Set(
    schemas.flatMap(({ default: preset }) => (preset === undefined ? [] : [String(preset)])),
  );
  const differ = presets.size > 1 ? ', by attack' : '';
  const hint = presets.size === 0 ? '' : ` Default: ${[...presets].join(' or ')}${differ}.`;
  const distinct = new Map(
    schemas.map(({ default: _, description, ...schema }) => [JSON.stringify(schema), schema as TSchema]),
  );
  const description = `${schemas[0]!.description ?? ''}${hint}`;
  const [first, ...more] = distinct.values();
  return (
    more.length === 0 ? { ...first, description } : Type.Union([first!, ...more], { description })
  ) as TSchema;
}

/** The options of every attack. */
export const optionsOfEveryAttack = ({ attacks }: Catalogue): Record<string, TSchema> =>
  optionsOfAttacks(attacks);

/** One of several attacks: a name, or a name with options. */
const member = (catalogue: Catalogue) =>
  Type.Union([
    method(catalogue, { description: 'An attack with its defaults.' }),
    Type.Object(
      {
        method: method(catalogue, { description: 'Which attack.' }),
        loss: loss(catalogue),
        restarts,
        ...optionsOfEveryAttack(catalogue),
      },
      { additionalProperties: false, description: 'An attack with options of its own.' },
    ),
  ]);

/** The options that do not belong to one attack. */
export const attackingOptions = (catalogue: Catalogue) =>
  Type.Object({
    method: Type.Unsafe<string>(
      oneOf([...catalogue.attacks.names, 'autoattack'], {
        default: 'pgd',
        description: 'Which attack; `autoattack` runs several and takes the worst case per example.',
      }),
    ),
    version: Type.Optional(
      Type.Unsafe<string>(
        oneOf([...autoattack.keys(), 'custom'], {
          description:
            'Version of autoattack: standard for deterministic systems, rand for stochastic ones, plus, fast (weaker: see docs/attacks.md), or custom with `attacks`. Default: standard.',
        }),
      ),
    ),
    attacks: Type.Optional(
      Type.Array(member(catalogue), {
        minItems: 1,
        description:
          'Attacks of version custom of autoattack, in order; each attacks what the ones before it left unbroken.',
      }),
    ),
    norm: Type.Optional(
      Type.Unsafe<string>(
        oneOf(catalogue.norms.names, {
          description: 'Norm of the ball. Default: Linf, or the only one the attack has.',
        }),
      ),
    ),
    epsilons: Type.Optional(
      Type.Array(epsilonSchema(), {
        minItems: 1,
        description: `Radii in units of pixels in [0, 1], such as 8/255. Default: ${[...catalogue.norms]
          .map(({ name, epsilons }) => `${epsilons.join(', ')} for ${name}`)
          .join('; ')}.`,
      }),
    ),
    restarts,
    loss: loss(catalogue),
    keep: Type.Optional(
      oneOf(['first', 'strongest', 'nearest'], {
        description:
          'first: an example is done at its first misclassified point. strongest: all steps are run and the point of highest loss is kept; the verdicts are the same, the images transfer better. nearest: everything is run and the nearest misclassified point is kept, which gives distances. Default: nearest for minimum-norm attacks, otherwise first.',
      }),
    ),
    eot: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10_000,
        description:
          'Stochastic systems: number of draws whose gradients are averaged at every point. Default: 4; 20 for version rand.',
      }),
    ),
    confirm: Type.Integer({
      minimum: 0,
      maximum: 10_000,
      default: 8,
      description:
        'Stochastic systems: number of fresh draws whose mean logits must be wrong too. 0 takes the first draw at its word, as old code does; such verdicts are often luck.',
    }),
    examples: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Attack only the first n examples. Default: all.' }),
    ),
  });

export type MemberOptions =
  | string
  | ({ method: string; loss?: AttackLoss; restarts?: number } & Record<string, unknown>);

export type SharedOptions = Omit<Static<ReturnType<typeof attackingOptions>>, 'attacks' | 'keep'> & {
  attacks?: MemberOptions[];
  keep?: 'first' | 'strongest' | 'nearest';
};

export type AttackingOptions = SharedOptions & Record<string, unknown>;

/** The options that belong to the chosen attack and not to every one. */
export function ownOf(options: AttackingOptions, catalogue: Catalogue): Record<string, unknown> {
  const own = optionsOfEveryAttack(catalogue);
  return Object.fromEntries(Object.entries(options).filter(([key]) => key in own));
}
