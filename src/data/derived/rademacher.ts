import { Type } from '../../config/type.js';
import type { Generator } from './derivation.js';

const Options = Type.Object({});

/** Every number of an image is 0 or 1, each as likely: in [-1, 1], -1 or 1. */
export const rademacher: Generator<typeof Options> = {
  kind: 'generator',
  name: 'rademacher',
  version: 1,
  title: 'Rademacher noise',
  source: 'Hendrycks et al. 2019 (Outlier Exposure)',
  options: Options,
  describe: () => 'Rademacher noise: every number 0 or 1',
  fill(image, draws) {
    const words = new Uint32Array(image.length);
    draws.uint32s(words);
    for (let p = 0; p < image.length; p++) image[p] = words[p]! >>> 31;
  },
};
