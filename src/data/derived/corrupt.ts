import { type Static, Type } from '../../config/type.js';
import { AssayError } from '../../errors.js';
import type { Registry } from '../../registry.js';
import {
  corrupted,
  drawsFor,
  LARGEST_SMALL,
  LIKE,
  usualParameters,
  whyNot,
} from '../corruptions/corrupted.js';
import { type AnyCorruption, PARAMETER_SETS, SEVERITIES } from '../corruptions/corruption.js';
import type { PixelTransform } from './derivation.js';

const Options = Type.Object(
  {
    name: Type.String({ minLength: 1, description: 'Which corruption: gaussian-noise, fog, jpeg, ...' }),
    severity: Type.Union(
      SEVERITIES.map((severity) => Type.Literal(severity)),
      { description: '1 (weak) to 5.' },
    ),
    parameters: Type.Optional(
      Type.Union(
        PARAMETER_SETS.map((set) => Type.Literal(set)),
        {
          description: `Whose parameters: \`cifar\`, those of CIFAR-10-C, or \`imagenet\`, those of ImageNet-C. Default: cifar for images of at most ${LARGEST_SMALL} pixels a side, imagenet for larger ones.`,
        },
      ),
    ),
    quantise: Type.Boolean({
      default: true,
      description: 'Cut pixels down to 8 bits, as the published sets are.',
    }),
  },
  {
    additionalProperties: false,
    description:
      'A common corruption of every image, made in process: like CIFAR-10-C or ImageNet-C, but not those images.',
  },
);
type Options = Static<typeof Options>;

/** @param corruptions what `name` may say */
export function corrupt(corruptions: Registry<AnyCorruption>): PixelTransform<typeof Options> {
  const rowOf = ({ name }: Options) => corruptions.named(name, { path: 'name' });
  return {
    kind: 'transform',
    name: 'corrupt',
    version: 1,
    title: 'Common corruptions',
    source: 'Hendrycks & Dietterich 2019',
    options: Options,
    keepsLabels: true,
    describe(options, shape) {
      const { title } = rowOf(options);
      const set = options.parameters ?? usualParameters(shape);
      return `${title.toLowerCase()}, severity ${options.severity} (${LIKE[set]})`;
    },
    check(options, { name, shape }) {
      const row = rowOf(options);
      const reason = whyNot(row, shape);
      if (reason === undefined) return;
      throw new AssayError('data-invalid', `"${name}" cannot be corrupted by ${row.name}`, {
        path: 'of',
        expected: row.channels === 'rgb' ? 'RGB images' : 'grey or RGB images',
        found: reason,
        hint: 'take another corruption, or another data set',
      });
    },
    identity: (options, shape) => ({
      version: rowOf(options).version,
      parameters: options.parameters ?? usualParameters(shape),
    }),
    async apply({ n, indices, pixels, failed }, options, { parent: { shape }, draws }) {
      const row = rowOf(options);
      const size = pixels.length / Math.max(1, n);
      const made = new Float32Array(pixels.length);
      for (const [i, example] of indices.entries()) {
        const image = pixels.subarray(i * size, (i + 1) * size);
        made.set(corrupted(row, image, shape, options, draws(drawsFor(row, options), example)), i * size);
      }
      return { pixels: made, ...(failed && { failed }) };
    },
  };
}
