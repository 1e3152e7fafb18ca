import { type Static, Type } from '../../config/type.js';
import { AssayError } from '../../errors.js';
import type { Generator } from './derivation.js';

const Options = Type.Object({
  low: Type.Number({ minimum: 0, maximum: 1, default: 0, description: 'Lower end, of pixels in [0, 1].' }),
  high: Type.Number({ minimum: 0, maximum: 1, default: 1, description: 'Upper end.' }),
});

/** Every number of an image is drawn by itself from U[low, high). */
export const uniform: Generator<typeof Options> = {
  kind: 'generator',
  name: 'uniform',
  version: 1,
  title: 'Uniform noise',
  source: 'Hendrycks & Gimpel 2017; Liang et al. 2018 (ODIN), section 4.2',
  options: Options,
  describe: ({ low, high }) => `uniform noise in [${low}, ${high}]`,
  check({ low, high }: Static<typeof Options>) {
    if (low < high) return;
    throw new AssayError('config-invalid', 'the range of the noise is empty', {
      path: 'low',
      expected: `a number below high (${high})`,
      found: String(low),
      hint: 'give `low` and `high` in ascending order',
    });
  },
  fill(image, draws, { low, high }) {
    const values = new Float64Array(image.length);
    draws.uniforms(values);
    for (let p = 0; p < image.length; p++) image[p] = low + (high - low) * values[p]!;
  },
};
