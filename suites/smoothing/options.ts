import {
  type Epsilon,
  epsilonSchema,
  parseEpsilons,
  type ResolvedAttack,
  resolveAttack,
} from '../../src/attack.js';
import {
  type AttackRows,
  attackRequest,
  type SmoothedCountsRows,
  smoothedCountsRequest,
  smoothedUntilRequest,
} from '../../src/measurements.js';
import { type Catalogue, type DatasetInfo, type Request, type SystemInfo, Type } from '../../src/suite.js';

export interface SmoothingOptions {
  sigma: string | number | (string | number)[];
  n0: number;
  n: number;
  alpha: number;
  radii: (string | number)[];
  stop?: string | number;
  attackSteps: number;
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
      stop: Type.Optional(
        Type.Union([Type.Literal('radii'), epsilonSchema()], {
          description:
            'End the draws of an image early: `radii`, as soon as it is known for every radius whether it is certified; a length in L2, such as 0.05, as soon as the certified radius is known to within that. Statements hold whenever one stops, and are a little weaker than those of all n draws. Default: n draws for every image.',
        }),
      ),
      attackSteps: Type.Integer({
        minimum: 1,
        default: 20,
        description:
          'Steps of SmoothAdv (Salman et al. 2019), for models that are also behind the defence `smooth` with one of these sigmas: it bounds the same accuracy from above.',
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

/** What is measured at a sigma. Errors: `config-invalid`. */
export function countsRequest(
  system: SystemInfo,
  dataset: DatasetInfo,
  sigma: Epsilon,
  options: SmoothingOptions,
): Request<SmoothedCountsRows> {
  const { n0, n, alpha, stop, examples } = options;
  const params = { sigma: sigma.text, n0, n };
  if (stop === undefined) return smoothedCountsRequest(system.name, dataset.name, params, examples);
  const settling =
    stop === 'radii'
      ? { radii: radiiOf(options).map(({ text }) => text) }
      : { within: parseEpsilons([stop], 'stop')[0]!.text };
  return smoothedUntilRequest(system.name, dataset.name, { ...params, alpha, ...settling }, examples);
}

/**
 * SmoothAdv (Salman et al. 2019): PGD in L2 on a system behind the defence `smooth`, which follows mean probabilities.
 * Undefined where it has no gradient, or there is no radius above 0.
 */
export function attackOf(
  system: SystemInfo,
  dataset: DatasetInfo,
  options: SmoothingOptions,
  catalogue: Catalogue,
): { request: Request<AttackRows>; attack: ResolvedAttack; epsilons: readonly string[] } | undefined {
  const epsilons = radiiOf(options).flatMap(({ text, value }) => (value > 0 ? [text] : []));
  if (!system.offers.includes('inputGradient') || epsilons.length === 0) return undefined;
  const { attackSteps: steps, examples } = options;
  const asked = { method: 'pgd', norm: 'L2', epsilons, steps, eot: 1, confirm: 1 };
  const attack = resolveAttack(asked, system, catalogue);
  return { request: attackRequest(system.name, dataset.name, attack.params, examples), attack, epsilons };
}
