import { Type } from '../../config/type.js';
import { gaussianBlur3d } from '../corruptions/imaging/gaussian.js';
import type { Generator } from './derivation.js';

const Options = Type.Object({
  share: Type.Number({
    minimum: 0,
    maximum: 1,
    default: 0.7,
    description: 'Probability that a number is 1 before the blur, and not 0.',
  }),
  sigma: Type.Number({
    minimum: 0,
    maximum: 1000,
    default: 1.5,
    description: 'Standard deviation of the blur, in pixels.',
  }),
  threshold: Type.Number({
    minimum: 0,
    maximum: 1,
    default: 0.75,
    description: 'What is below it after the blur is 0.',
  }),
});

/** Noise of 0 and 1, blurred along rows, columns and channels, as the published code has it, and cut at a threshold. */
export const blobs: Generator<typeof Options> = {
  kind: 'generator',
  name: 'blobs',
  version: 1,
  title: 'Blobs',
  source: 'Hendrycks et al. 2019 (Outlier Exposure)',
  options: Options,
  describe: ({ share, sigma, threshold }) =>
    `blobs: noise of 0 and 1 (${share}), blurred by ${sigma}, cut at ${threshold}`,
  fill(image, draws, { share, sigma, threshold }, shape) {
    const noise = new Float64Array(image.length);
    draws.uniforms(noise);
    const smooth = gaussianBlur3d(
      noise.map((u) => (u < share ? 1 : 0)),
      shape,
      sigma,
    );
    for (let p = 0; p < image.length; p++) image[p] = smooth[p]! < threshold ? 0 : Math.min(1, smooth[p]!);
  },
};
