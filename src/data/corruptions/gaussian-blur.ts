import { type Corruption, PUBLISHED } from './corruption.js';
import { gaussianBlur as blurred } from './imaging/gaussian.js';
import { eachChannel } from './imaging/planes.js';

/** A Gaussian filter. */
export const gaussianBlur: Corruption<number> = {
  name: 'gaussian-blur',
  title: 'Gaussian blur',
  category: 'extra',
  source: PUBLISHED,
  version: 1,
  channels: 'any',
  severities: {
    cifar: [0.4, 0.6, 0.7, 0.8, 1],
    imagenet: [1, 2, 3, 4, 6],
  },
  apply: (image, sigma) => eachChannel(image, (plane) => blurred(plane, sigma)),
};
