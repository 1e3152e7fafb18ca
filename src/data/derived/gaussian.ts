import { Type } from '../../config/type.js';
import type { Generator } from './derivation.js';

const Options = Type.Object({
  mean: Type.Number({ minimum: 0, maximum: 1, default: 0.5, description: 'Mean, of pixels in [0, 1].' }),
  std: Type.Number({
    exclusiveMinimum: 0,
    maximum: 1000,
    default: 1,
    description: 'Standard deviation before cutting to [0, 1].',
  }),
});

/** Every number of an image is drawn by itself from N(mean, std^2) and cut to [0, 1]. */
export const gaussian: Generator<typeof Options> = {
  kind: 'generator',
  name: 'gaussian',
  version: 1,
  title: 'Gaussian noise, cut to [0, 1]',
  source: 'Liang et al. 2018 (ODIN), section 4.2: mean 0.5, variance 1, clipped',
  options: Options,
  describe: ({ mean, std }) => `Gaussian noise, mean ${mean}, standard deviation ${std}, cut to [0, 1]`,
  fill(image, draws, { mean, std }) {
    const values = new Float64Array(image.length);
    draws.normals(values);
    for (let p = 0; p < image.length; p++) image[p] = Math.min(1, Math.max(0, mean + std * values[p]!));
  },
};
