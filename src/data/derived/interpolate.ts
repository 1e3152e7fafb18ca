import { Type } from '../../config/type.js';
import type { PixelTransform } from './derivation.js';
import { readPositions } from './read-positions.js';

const Options = Type.Object(
  {
    noise: Type.Number({
      minimum: 0,
      maximum: 10,
      default: 0,
      description:
        'Standard deviation of Gaussian noise added to every number, of pixels in [0, 1]. What papers give for pixels in [-1, 1] is halved here.',
    }),
  },
  { additionalProperties: false, description: 'The mean of every image and another one of the set.' },
);

/**
 * (x + y) / 2 + noise * N(0, 1), cut to [0, 1]: y is another image of the set than x, each as likely. JEM's code takes
 * the partners from the batch before, so that each is used once; what an image is mixed with depends here on its own
 * draw alone.
 */
export const interpolate: PixelTransform<typeof Options> = {
  kind: 'transform',
  name: 'interpolate',
  version: 1,
  title: 'Means of two images',
  source: 'Grathwohl et al. 2019 (JEM), section 5.3; Du & Mordatch 2019',
  options: Options,
  keepsLabels: false,
  mixes: { least: 2 },
  describe: ({ noise }) => `means of two images${noise > 0 ? `, noise ${noise}, cut to [0, 1]` : ''}`,
  async apply({ n, indices, pixels, failed = [] }, { noise }, { parent, start, draws }) {
    const size = pixels.length / Math.max(1, n);
    const partners = Array.from(indices, (example, i) => {
      const other = Math.floor(draws('partner', example).uniform() * (parent.size - 1));
      return other < start + i ? other : other + 1;
    });
    const picked = await readPositions(parent, partners, size);
    const mixed = new Float32Array(pixels.length);
    const spread = new Float64Array(size);
    for (let i = 0; i < n; i++) {
      if (noise > 0) draws('noise', indices[i]!).normals(spread);
      for (let p = 0, at = i * size; p < size; p++, at++) {
        const mean = (pixels[at]! + picked.pixels[at]!) / 2;
        mixed[at] = Math.min(1, Math.max(0, mean + noise * spread[p]!));
      }
    }
    const without = [...picked.failed].map(([i, what]) => ({ example: indices[i]!, what }));
    return { pixels: mixed, failed: [...failed, ...without] };
  },
};
