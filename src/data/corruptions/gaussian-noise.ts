import { type Corruption, PUBLISHED } from './corruption.js';

/** x + sigma * N(0, 1), for every number of the image by itself. */
export const gaussianNoise: Corruption<number> = {
  name: 'gaussian-noise',
  title: 'Gaussian noise',
  category: 'noise',
  source: PUBLISHED,
  version: 1,
  channels: 'any',
  severities: {
    cifar: [0.04, 0.06, 0.08, 0.09, 0.1],
    imagenet: [0.08, 0.12, 0.18, 0.26, 0.38],
  },
  apply({ pixels }, sigma, draws) {
    const noise = new Float64Array(pixels.length);
    draws.normals(noise);
    for (let p = 0; p < pixels.length; p++) pixels[p]! += sigma * noise[p]!;
    return pixels;
  },
};
