import { type Corruption, PUBLISHED } from './corruption.js';

/** x + x * sigma * N(0, 1): noise that grows with the light. */
export const speckleNoise: Corruption<number> = {
  name: 'speckle-noise',
  title: 'Speckle noise',
  category: 'extra',
  source: PUBLISHED,
  version: 1,
  channels: 'any',
  severities: {
    cifar: [0.06, 0.1, 0.12, 0.16, 0.2],
    imagenet: [0.15, 0.2, 0.35, 0.45, 0.6],
  },
  apply({ pixels }, sigma, draws) {
    const noise = new Float64Array(pixels.length);
    draws.normals(noise);
    for (let p = 0; p < pixels.length; p++) pixels[p]! += pixels[p]! * sigma * noise[p]!;
    return pixels;
  },
};
