import { epsilonSchema } from '../../src/attack.js';
import { isMeasured } from '../../src/score.js';
import { type Catalogue, oneOf, type Static, Type } from '../../src/suite.js';

const closed = { additionalProperties: false };
const system = (description: string) => Type.String({ minLength: 1, description });

/** Scores of outputs and gradients: those of features, and those that are fitted, have no published counterpart. */
const unfitted = ({ scores }: Catalogue) =>
  [...scores].filter((score) => !isMeasured(score)).map(({ id }) => id);

export const jemOptions = (catalogue: Catalogue) =>
  Type.Object(
    {
      model: system('The model as it is: what `as it should be` is measured on.'),
      published: system('What the public code evaluates: a system with `noise` before the model.'),
      trainMode: Type.Boolean({
        default: true,
        description:
          'Where `published` has batch normalisation: evaluate it in training mode, in batches of 100 images in their order, as the public code does, which never calls `eval()`.',
      }),
      interpolated: Type.Optional(
        Type.Object(
          {
            published: system('The data set of interpolated images with the second noise.'),
            plain: system('The data set of the same without it.'),
          },
          { ...closed, description: 'Means of two test images: two data sets with `role: ood`.' },
        ),
      ),
      ownSize: Type.Optional(
        Type.Object(
          {
            of: system('The OOD set as the model takes it, scaled to the size of its images.'),
            dataset: system('The same images, scaled by their shorter side.'),
            published: system('The published system for images of that size.'),
          },
          {
            ...closed,
            description:
              'Photographs that the public code scales by their shorter side, so that they are larger than the images of the network: the published column is of them.',
          },
        ),
      ),
      scores: Type.Array(oneOf(unfitted(catalogue), {}), {
        minItems: 1,
        uniqueItems: true,
        default: ['log-px', 'max-softmax', 'approximate-mass'],
        description: 'OOD scores; higher means in-distribution.',
      }),
      bins: Type.Integer({
        minimum: 1,
        maximum: 1000,
        default: 20,
        description: 'Bins of the ECE, (lo, hi].',
      }),
      refined: Type.Array(
        Type.Object(
          {
            system: system('JEM-k: a system with `purify` before the model, attacked straight-through.'),
            full: Type.Optional(
              system('The same with `gradient: full`, to see what the straight-through gradient misses.'),
            ),
          },
          closed,
        ),
        { default: [], description: 'The systems that are attacked.' },
      ),
      attacks: Type.Array(
        Type.Object(
          {
            norm: oneOf(['Linf', 'L2'], { description: 'Norm of the ball.' }),
            epsilons: Type.Array(epsilonSchema(), { minItems: 1, description: 'Radii, pixels in [0, 1].' }),
          },
          closed,
        ),
        {
          default: [
            { norm: 'Linf', epsilons: [1, 2, 4, 8, 12, 16, 22, 30].map((levels) => `${levels}/255`) },
            { norm: 'L2', epsilons: ['0.25', '0.5', '1', '1.5', '2'] },
          ],
          description: 'Norms, each with its radii. Default: those of the paper and its successors.',
        },
      ),
      examples: Type.Integer({
        minimum: 1,
        default: 300,
        description: 'Images that are attacked: the first.',
      }),
      starts: Type.Integer({
        minimum: 1,
        maximum: 1000,
        default: 3,
        description:
          'Random starts of the published search, which makes 20 and keeps the last: its curve is the same with any number, and the best of them is not.',
      }),
      steps: Type.Integer({
        minimum: 1,
        default: 40,
        description: 'Gradient steps at a radius, of both attacks.',
      }),
      searches: Type.Integer({
        minimum: 1,
        default: 20,
        description: 'Radii upwards, and then bisections, of the published search.',
      }),
      eot: Type.Integer({ minimum: 1, default: 4, description: 'Draws a gradient of the sweep of radii.' }),
      confirm: Type.Integer({
        minimum: 1,
        default: 8,
        description: 'Fresh draws whose mean logits must be wrong too, where verdicts are confirmed.',
      }),
      resamples: Type.Integer({ minimum: 100, default: 1000, description: 'Bootstrap resamples.' }),
    },
    closed,
  );
export type JemOptions = Static<ReturnType<typeof jemOptions>>;
