import { type Static, Type } from '../../src/suite.js';

export const energyOptions = Type.Object(
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
export type EnergyOptions = Static<typeof energyOptions>;
