import { PADDINGS, type Padding } from '../../src/data.js';
import type { SpatialParams } from '../../src/measurements.js';
import { AssayError, oneOf, Type } from '../../src/suite.js';

export type SpatialOptions = SpatialParams & { examples?: number };

const odd = (usual: number, maximum: number, what: string) =>
  Type.Integer({
    minimum: 1,
    maximum,
    default: usual,
    description: `${what}: odd, so that the image as it is is one of them.`,
  });

export const spatialOptions = Type.Unsafe<SpatialOptions>(
  Type.Object(
    {
      degrees: Type.Number({
        minimum: 0,
        maximum: 180,
        default: 30,
        description: 'Images are turned by up to so much, either way; 0: not at all.',
      }),
      angles: odd(31, 361, 'Angles of the grid'),
      shift: Type.Number({
        minimum: 0,
        maximum: 1,
        default: 3 / 32,
        description: 'Images are moved by up to this share of their side, in each direction; 0: not at all.',
      }),
      shifts: odd(5, 65, 'Moves of the grid along each of the two directions'),
      padding: Type.Unsafe<Padding>(
        oneOf(PADDINGS, {
          default: 'black',
          description:
            'What comes in from beyond the border: black, the border itself, or the image mirrored.',
        }),
      ),
      draws: Type.Integer({
        minimum: 1,
        maximum: 1000,
        default: 10,
        description: 'Transformations drawn at random for each image.',
      }),
      whole: Type.Boolean({
        default: false,
        description:
          'Look at every point of the grid for every image, for the mean over the grid and accuracy by angle. Otherwise an image is done with when it is mistaken.',
      }),
      examples: Type.Optional(
        Type.Integer({ minimum: 1, description: 'Only the first n images. Default: all.' }),
      ),
    },
    { additionalProperties: false },
  ),
);

/**
 * Options whose grid has no point twice, and that reaches as far as is said: no rotation is one angle, and one angle is no
 * rotation. Errors: `config-invalid` for grids without the image as it is.
 */
export function settled(options: SpatialOptions): SpatialOptions {
  const [degrees, angles] = reachAndCount(options.degrees, options.angles, 'angles');
  const [shift, shifts] = reachAndCount(options.shift, options.shifts, 'shifts');
  return { ...options, degrees, angles, shift, shifts };
}

function reachAndCount(
  reach: number,
  count: number,
  path: 'angles' | 'shifts',
): [reach: number, count: number] {
  if (count % 2 === 0)
    throw new AssayError('config-invalid', 'the grid leaves out the image as it is', {
      path: `suites: spatial.${path}`,
      expected: 'an odd number',
      found: String(count),
      hint: `write ${path}: ${count + 1}`,
    });
  return reach === 0 || count === 1 ? [0, 1] : [reach, count];
}
