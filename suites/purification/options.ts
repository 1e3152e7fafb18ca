import { epsilonSchema } from '../../src/attack.js';
import { chainOptions } from '../../src/measurements.js';
import { type Catalogue, oneOf, type Static, Type } from '../../src/suite.js';

export const purificationOptions = ({ norms }: Catalogue) =>
  Type.Object(
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
      ...chainOptions,
      examples: Type.Integer({
        minimum: 1,
        default: 64,
        description: 'Use only the first n examples: chains are expensive.',
      }),
      norm: Type.Unsafe<string>(
        oneOf(norms.names, { default: 'Linf', description: 'Norm of both attacks.' }),
      ),
      epsilon: epsilonSchema({
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
            description: 'PGD steps against model and purification together; 0 skips this attack.',
          }),
          eot: Type.Integer({
            minimum: 1,
            default: 2,
            description: 'Number of draws averaged for each gradient.',
          }),
          confirm: Type.Integer({
            minimum: 1,
            default: 4,
            description: 'Number of fresh draws whose mean logits must be wrong too.',
          }),
          examples: Type.Integer({ minimum: 1, default: 32, description: 'Use only the first n examples.' }),
        },
        { default: {}, additionalProperties: false, description: 'The attack by BPDA and EOT.' },
      ),
    },
    { additionalProperties: false },
  );
export type PurificationOptions = Static<ReturnType<typeof purificationOptions>>;
