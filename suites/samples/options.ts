import { sgldOptions } from '../../src/measurements.js';
import { type Static, Type } from '../../src/suite.js';

const nameOf = (description: string) => Type.Optional(Type.String({ minLength: 1, description }));

export const samplesOptions = Type.Object(
  {
    systems: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        minItems: 1,
        description: 'Draw from these systems only. Default: every system with log p(x).',
      }),
    ),
    images: Type.Integer({
      minimum: 1,
      default: 100,
      description: 'Chains of each set, unconditional and class-conditional; the classes take turns.',
    }),
    steps: Type.Integer({
      minimum: 0,
      maximum: 100_000,
      default: 400,
      description: 'SGLD steps of a chain.',
    }),
    ...sgldOptions,
    buffer: Type.Integer({
      minimum: 0,
      default: 1000,
      description:
        'Images of the replay buffer in the checkpoint, where it keeps one, that are judged as samples too, spread over it, as many as `on` has examples at most; 0 leaves them out.',
    }),
    on: nameOf(
      'Data set whose example numbers name the chains; there are as many chains as it has examples at most. Default: the first test set of the right shape.',
    ),
    extractor: nameOf(
      'System whose features and logits Frechet distance and inception score are of. Default: the first other system that has features.',
    ),
    judge: nameOf(
      'Classifier that is asked whether conditional samples are of their class. Default: the first other classifier of the same classes.',
    ),
    reference: nameOf(
      'Data set that samples are compared with. Default: a training set of the run, or the data set of `on`, or where that is generated or derived the first test set that is not.',
    ),
    neighbours: nameOf(
      'Data set among which the nearest image of each sample is sought. Default: a training set of the run.',
    ),
    selections: Type.Array(Type.Number({ exclusiveMinimum: 0, maximum: 1 }), {
      minItems: 1,
      default: [1],
      description:
        'Shares of the samples that distances and scores are also given for, the most confident first: 0.1 is the top 10 % by p(y|x).',
    }),
    splits: Type.Integer({
      minimum: 1,
      maximum: 100,
      default: 1,
      description: 'Parts of which the inception score is the mean; publications take 10 of 5,000 images.',
    }),
    resamples: Type.Integer({
      minimum: 0,
      maximum: 100_000,
      default: 200,
      description:
        'Bootstrap resamples of Frechet distance and inception score. The Frechet distance of features wider than 512 takes none: each would cost minutes.',
    }),
    kernel: Type.Boolean({
      default: true,
      description:
        'Whether to take the kernel distance, whose cost grows with the square of n: many minutes for 10,000 images in 2,048 features.',
    }),
    balls: Type.Integer({
      minimum: 0,
      maximum: 1000,
      default: 5,
      description:
        'Neighbours out to which the ball around an image reaches, for precision, recall, density and coverage: 3 in Kynkaanniemi et al. 2019, 5 in Naeem et al. 2020. Their cost grows with the square of n, as that of `kernel`; 0 leaves them out.',
    }),
    strips: Type.Integer({
      minimum: 0,
      maximum: 64,
      default: 6,
      description: 'Chains that are shown as they develop; they are run once more, with the same noise.',
    }),
    distal: Type.Object(
      {
        images: Type.Integer({
          minimum: 0,
          default: 20,
          description: 'Chains that climb p(y|x) from noise, the classes in turn; 0 skips them.',
        }),
        steps: Type.Integer({ minimum: 1, maximum: 100_000, default: 100, description: 'Steps at most.' }),
        every: Type.Integer({
          minimum: 1,
          default: 5,
          description: 'Steps between two looks at p(y|x).',
        }),
        threshold: Type.Number({
          exclusiveMinimum: 0,
          exclusiveMaximum: 1,
          default: 0.9,
          description: 'p(y|x) that counts as reached.',
        }),
      },
      { default: {}, additionalProperties: false, description: 'Distal adversarials.' },
    ),
  },
  { additionalProperties: false },
);

export type SamplesOptions = Static<typeof samplesOptions>;
