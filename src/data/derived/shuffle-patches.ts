import { type Static, Type } from '../../config/type.js';
import { AssayError } from '../../errors.js';
import { permutation, type Stream } from '../../random/stream.js';
import type { PixelTransform } from './derivation.js';

const Options = Type.Object(
  {
    grid: Type.Integer({
      minimum: 2,
      maximum: 1024,
      default: 4,
      description: 'Patches a side. Rows and columns that are left over stay where they are.',
    }),
  },
  {
    additionalProperties: false,
    description:
      'Every image cut into a grid of patches, which change places at random: the parts without the whole.',
  },
);

/** Patches of each image in a random order; never in the one that they had. */
export const shufflePatches: PixelTransform<typeof Options> = {
  kind: 'transform',
  name: 'shuffle-patches',
  version: 1,
  title: 'Shuffled patches',
  source: 'Noroozi & Favaro 2016 (jigsaw)',
  options: Options,
  keepsLabels: false,
  describe: ({ grid }) => `patches shuffled, ${grid} x ${grid}`,
  check({ grid }: Static<typeof Options>, { name, shape: [, height, width] }) {
    const least = Math.min(height, width);
    if (grid <= least) return;
    throw new AssayError(
      'config-invalid',
      `the images of "${name}" have fewer pixels than the grid has patches`,
      {
        path: 'grid',
        expected: `at most ${least} patches a side`,
        found: String(grid),
        hint: 'choose a coarser grid',
      },
    );
  },
  async apply({ n, indices, pixels, failed }, { grid }, { parent: { shape }, draws }) {
    const [channels, height, width] = shape;
    const [down, across] = [Math.floor(height / grid), Math.floor(width / grid)];
    const made = pixels.slice();
    for (let i = 0; i < n; i++) {
      const order = shuffled(grid * grid, draws('order', indices[i]!));
      for (const [to, from] of order.entries())
        for (let c = 0; c < channels; c++) {
          const start = (i * channels + c) * height * width;
          const corner = (patch: number) =>
            start + Math.floor(patch / grid) * down * width + (patch % grid) * across;
          for (let y = 0; y < down; y++) {
            const row = corner(from) + y * width;
            made.set(pixels.subarray(row, row + across), corner(to) + y * width);
          }
        }
    }
    return { pixels: made, ...(failed && { failed }) };
  },
};

/** Any order but the given one. */
function shuffled(n: number, draws: Stream): Int32Array {
  for (;;) {
    const order = permutation(n, draws);
    if (order.some((from, to) => from !== to)) return order;
  }
}
