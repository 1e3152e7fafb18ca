import { epsilonSchema } from '../../src/attack.js';
import { sgldOptions } from '../../src/measurements.js';
import { type Catalogue, oneOf, type Static, Type } from '../../src/suite.js';

export const energyOptions = (catalogue: Catalogue) =>
  Type.Object(
    {
      against: Type.Optional(
        Type.String({
          minLength: 1,
          description:
            'Name of the data set that the others are compared with. Default: the first with `role: test` that is read from files.',
        }),
      ),
      train: Type.Optional(
        Type.String({
          minLength: 1,
          description:
            'Name of a data set of training images, for memorisation. Default: the first with `role: train`.',
        }),
      ),
      fit: Type.Optional(
        Type.String({
          minLength: 1,
          description:
            'Name of the data set that typicality is fitted to. Default: the first validation set, else the first of training images.',
        }),
      ),
      gradients: Type.Boolean({
        default: true,
        description: 'Gradient norms of every image: a gradient pass each.',
      }),
      quantiles: Type.Integer({
        minimum: 2,
        maximum: 100,
        default: 5,
        description: 'Parts by log p(x) that accuracy and ECE are given of.',
      }),
      bins: Type.Integer({ minimum: 1, maximum: 1000, default: 15, description: 'bins of ECE' }),
      traces: Type.Object(
        {
          chains: Type.Integer({
            minimum: 0,
            maximum: 100_000,
            default: 16,
            description: 'Chains of each start, of the first images of the test set; 0 skips them.',
          }),
          start: Type.Array(Type.Unsafe<'data' | 'uniform'>(oneOf(['uniform', 'data'])), {
            minItems: 1,
            uniqueItems: true,
            default: ['uniform', 'data'],
            description: 'uniform: at noise in [0, 1]; data: at images of the test set.',
          }),
          steps: Type.Array(Type.Integer({ minimum: 1, maximum: 1_000_000 }), {
            minItems: 1,
            default: [20, 100],
            description: 'Steps after which chains are reported: short runs and a long one.',
          }),
          stepSize: sgldOptions.stepSize,
          // Above 0: the signal is told in units of it.
          noise: Type.Number({
            exclusiveMinimum: 0,
            default: 0.01,
            description: "Noise per step, in units of the model's own input.",
          }),
          temperature: sgldOptions.temperature,
          clamp: sgldOptions.clamp,
        },
        { default: {}, additionalProperties: false, description: 'Chains of SGLD up log p(x).' },
      ),
      path: Type.Object(
        {
          examples: Type.Integer({
            minimum: 0,
            default: 32,
            description: 'First images of the test set that are followed; 0 skips the attacks.',
          }),
          steps: Type.Integer({ minimum: 1, maximum: 100_000, default: 10, description: 'Steps of PGD.' }),
          norm: Type.Unsafe<string>(
            oneOf(catalogue.norms.names, { default: 'Linf', description: 'Norm of the ball.' }),
          ),
          epsilon: epsilonSchema({ default: '8/255', description: 'Radius, in units of pixels in [0, 1].' }),
        },
        {
          default: {},
          additionalProperties: false,
          description: 'log p(x) and log p(x, y) along attacks, untargeted and targeted.',
        },
      ),
      lipschitz: Type.Object(
        {
          examples: Type.Integer({
            minimum: 0,
            default: 16,
            description: 'First images of each test and OOD set; 0 skips the estimates.',
          }),
          radius: epsilonSchema({
            default: '0.5',
            description: 'Of the L2 ball around each image, in units of pixels in [0, 1].',
          }),
          samples: Type.Integer({ minimum: 1, maximum: 100_000, default: 8, description: 'Points drawn.' }),
          steps: Type.Integer({
            minimum: 0,
            maximum: 100_000,
            default: 8,
            description: 'Steps of ascent from the steepest of them.',
          }),
        },
        {
          default: {},
          additionalProperties: false,
          description: 'How steep log p(x) is around images: a lower bound.',
        },
      ),
      buffer: Type.Integer({
        minimum: 0,
        maximum: 10_000_000,
        default: 1000,
        description:
          'Images of the replay buffer of a checkpoint whose log p(x) is asked, evenly over it; all are looked at for NaN and copies. 0 skips buffers.',
      }),
      permutations: Type.Integer({
        minimum: 99,
        maximum: 1_000_000,
        default: 999,
        description: 'Permutations of two-sample tests; the smallest p is 1 / (n + 1).',
      }),
      histogramBins: Type.Integer({ minimum: 2, maximum: 500, default: 40 }),
      resamples: Type.Integer({ minimum: 100, default: 1000, description: 'bootstrap resamples' }),
    },
    { additionalProperties: false },
  );
export type EnergyOptions = Static<ReturnType<typeof energyOptions>>;
