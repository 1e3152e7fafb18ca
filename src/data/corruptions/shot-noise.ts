import { type Corruption, PUBLISHED } from './corruption.js';
import { poisson } from './imaging/poisson.js';

/** As many photons as a Poisson variable with mean c x counts, over c: electronic noise where light is discrete. */
export const shotNoise: Corruption<number> = {
  name: 'shot-noise',
  title: 'Shot noise',
  category: 'noise',
  source: PUBLISHED,
  version: 1,
  channels: 'any',
  severities: {
    cifar: [500, 250, 100, 75, 50],
    imagenet: [60, 25, 12, 5, 3],
  },
  apply: ({ pixels }, photons, draws) => pixels.map((value) => poisson(value * photons, draws) / photons),
};
