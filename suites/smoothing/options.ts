import { type Epsilon, epsilonSchema, parseEpsilons } from '../../src/attack.js';
import type { SmoothedCountsParams } from '../../src/measurements.js';
import { Type } from '../../src/suite.js';

export interface SmoothingOptions {
  sigma: string | number | (string | number)[];
  n0: number;
  n: number;
  alpha: number;
  radii: (string | number)[];
  examples?: number;
}

export const smoothingOptions = Type.Unsafe<SmoothingOptions>(
  Type.Object(
    {
      sigma: Type.Union([epsilonSchema(), Type.Array(epsilonSchema(), { minItems: 1 })], {
        default: 0.25,
        description:
          'Standard deviation of the noise in units of pixels in [0, 1], or several. The one that the model was trained with, as a rule.',
      }),
      n0: Type.Integer({
        minimum: 1,
        default: 100,
        description: 'Draws that choose the class to be certified.',
      }),
      n: Type.Integer({
        minimum: 1,
        default: 1000,
        description:
          'Draws that its probability is estimated from, a forward pass each. The paper takes 100,000: the largest radius that can be certified grows with n.',
      }),
      alpha: Type.Number({
        exclusiveMinimum: 0,
        maximum: 0.5,
        default: 0.001,
        description:
          'The chance that the certificate of an image is wrong, at most; for each image by itself.',
      }),
      radii: Type.Array(epsilonSchema(), {
        minItems: 1,
        default: [0.25, 0.5],
        description: 'Radii in L2, in units of pixels in [0, 1]. 0 is always among them.',
      }),
      examples: Type.Optional(
        Type.Integer({ minimum: 1, description: 'Only the first n images. Default: all.' }),
      ),
    },
    { additionalProperties: false },
  ),
);

/** Smallest first, each once. Errors: `config-invalid`. */
export const sigmasOf = ({ sigma }: SmoothingOptions): Epsilon[] =>
  parseEpsilons(Array.isArray(sigma) ? sigma : [sigma], 'sigma');

/** Smallest first, each once, from 0 on. Errors: `config-invalid`. */
export const radiiOf = ({ radii }: SmoothingOptions): Epsilon[] => [
  { text: '0', value: 0 },
  ...parseEpsilons(radii, 'radii'),
];

/** What is measured at a sigma. */
export const paramsAt = (sigma: Epsilon, { n0, n }: SmoothingOptions): SmoothedCountsParams => ({
  sigma: sigma.text,
  n0,
  n,
});
