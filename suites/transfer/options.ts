import {
  attackingOptions,
  epsilonSchema,
  optionsOfEveryAttack,
  parseEpsilon,
  type ResolvedAttack,
  resolveAttack,
  type SharedOptions,
} from '../../src/attack.js';
import { type Catalogue, oneOf, type SystemInfo, Type } from '../../src/suite.js';

export type TransferOptions = Omit<SharedOptions, 'epsilons' | 'keep'> & {
  epsilon?: string | number;
  keep: 'first' | 'strongest' | 'nearest';
} & Record<string, unknown>;

export const transferOptions = (catalogue: Catalogue) => {
  const { epsilons: _, keep: __, confirm: ___, ...shared } = attackingOptions(catalogue).properties;
  return Type.Unsafe<TransferOptions>(
    Type.Object(
      {
        ...shared,
        epsilon: Type.Optional(
          epsilonSchema({
            description: `The radius, in units of pixels in [0, 1]. Default: ${[...catalogue.norms]
              .map(({ name, epsilons }) => `${epsilons[epsilons.length - 1]} for ${name}`)
              .join('; ')}.`,
          }),
        ),
        keep: oneOf(['strongest', 'first', 'nearest'], {
          default: 'strongest',
          description:
            'Which image the other systems are shown. strongest: all steps are run and the point of highest loss is kept. first: the first misclassified point, just across the boundary of the source, which fools few others. nearest: the misclassified point nearest to the clean image.',
        }),
        confirm: Type.Integer({
          minimum: 1,
          maximum: 10_000,
          default: 8,
          description:
            'Stochastic systems: number of fresh draws whose mean logits decide, for clean images and for images made for any system.',
        }),
        ...optionsOfEveryAttack(catalogue),
      },
      { additionalProperties: false },
    ),
  );
};

/** The attack on a source, at its one radius. Errors: `config-invalid`, as the attack suite's. */
export function plannedAt(
  { epsilon, ...rest }: TransferOptions,
  source: SystemInfo,
  catalogue: Catalogue,
): ResolvedAttack {
  const epsilons = epsilon === undefined ? undefined : [parseEpsilon(epsilon, 'epsilon').text];
  const plan = resolveAttack({ ...rest, ...(epsilons && { epsilons }) }, source, catalogue);
  return { ...plan, params: { ...plan.params, epsilons: plan.params.epsilons.slice(-1) } };
}
