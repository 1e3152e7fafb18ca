import { epsilonSchema } from '../../src/attack.js';
import { chainOptions, presetDescription, purificationPresets } from '../../src/measurements.js';
import { type Catalogue, oneOf, PRESETS, type Static, Type } from '../../src/suite.js';
import { ladder } from './ladder.js';

/** What a paper does beside its chains: Hill et al. attack with 15 replicates, and verify with 150. */
const evaluation: Partial<Record<keyof typeof purificationPresets, object>> = {
  'ebm-defense': { draws: 10, adaptive: { eot: 1, confirm: 10 } },
};

/** Of a preset, what belongs to the suite: numbers of steps are a list. */
const chains = Object.fromEntries(
  Object.entries(purificationPresets).map(([name, { steps, ...chain }]) => [
    name,
    {
      ...chain,
      steps: [steps],
      ...evaluation[name as keyof typeof purificationPresets],
    },
  ]),
);

/** How much an attack on the whole may cost. */
const protocols = {
  quick: {},
  strong: {
    ladder: ladder.filter(({ beside }) => !beside).map(({ name }) => name),
    draws: 150,
    examples: 512,
    adaptive: { examples: 512 },
  },
};

const count = (description: string) => Type.Optional(Type.Integer({ minimum: 1, description }));

export const purificationOptions = ({ norms }: Catalogue) =>
  Type.Object(
    {
      preset: Type.Optional(oneOf(Object.keys(purificationPresets), { description: presetDescription })),
      protocol: oneOf(Object.keys(protocols), {
        default: 'quick',
        description:
          'quick is for a look. strong is the whole ladder with the figures of the literature, 512 images and up to 150 draws, for what is not written here.',
      }),
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
      ...chainOptions,
      examples: Type.Integer({
        minimum: 1,
        default: 64,
        description: 'Use only the first n examples: chains are expensive.',
      }),
      norm: Type.Unsafe<string>(oneOf(norms.names, { default: 'Linf', description: 'Norm of all attacks.' })),
      epsilon: epsilonSchema({
        default: '8/255',
        description: 'Radius of all attacks.',
      }),
      attackSteps: Type.Integer({
        minimum: 1,
        default: 40,
        description: 'PGD steps against the bare model, whose images are then purified (transfer).',
      }),
      ladder: Type.Array(oneOf(ladder.map(({ name }) => name)), {
        uniqueItems: true,
        default: ['transfer', 'bpda'],
        description: `Attacks, each with a column of its own, weakest first: ${ladder.map(({ name, what }) => `${name} (${what})`).join(', ')}.`,
      }),
      adaptive: Type.Object(
        {
          steps: Type.Optional(
            Type.Integer({
              minimum: 0,
              description:
                'Steps of every attack on model and purification together; 0 leaves them all out. Default: 10, or that of the attack under `protocol: strong`.',
            }),
          ),
          eot: count('Number of draws averaged for each gradient. Default: 2, or by attack.'),
          confirm: count(
            'Number of fresh draws whose mean logits must be wrong too before an image counts as broken. Default: 4, or by attack.',
          ),
          examples: Type.Integer({ minimum: 1, default: 32, description: 'Use only the first n examples.' }),
          sweep: Type.Array(Type.Integer({ minimum: 1 }), {
            default: [],
            description:
              'Numbers of draws per gradient that the strongest attack with fresh draws is run with as well: whether its accuracy still falls.',
          }),
        },
        {
          default: {},
          additionalProperties: false,
          description: 'Attacks on model and purification together.',
        },
      ),
      draws: Type.Integer({
        minimum: 0,
        maximum: 10_000,
        default: 10,
        description:
          'Fresh draws at the image of every attack, at most, from which all verdicts are made; 0 leaves them out, and the flags that compare attacks.',
      }),
      diagnostics: Type.Object(
        {
          examples: Type.Integer({
            minimum: 0,
            default: 16,
            description: 'Use only the first n examples; 0 leaves this out.',
          }),
          draws: Type.Integer({
            minimum: 2,
            maximum: 1000,
            multipleOf: 2,
            default: 4,
            description: 'Draws of each gradient, in two halves that are compared.',
          }),
        },
        {
          default: {},
          additionalProperties: false,
          description: 'What shows without an attack whether one can be believed.',
        },
      ),
      sequential: Type.Boolean({
        default: true,
        description:
          'No more draws, after the first 10, for an image whose share of right draws is settled to lie above or below 1/2.',
      }),
    },
    {
      additionalProperties: false,
      [PRESETS]: [
        { option: 'preset', rows: chains },
        { option: 'protocol', rows: protocols },
      ],
    },
  );
export type PurificationOptions = Static<ReturnType<typeof purificationOptions>>;
