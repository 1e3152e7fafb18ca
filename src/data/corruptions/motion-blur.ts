import { type Corruption, PUBLISHED } from './corruption.js';
import { motionBlurred, motionTaps } from './imaging/motion.js';
import { eachChannel } from './imaging/planes.js';

interface Motion {
  radius: number;
  sigma: number;
}

/** The camera moves, in a direction between -45 and 45 degrees. */
export const motionBlur: Corruption<Motion> = {
  name: 'motion-blur',
  title: 'Motion blur',
  category: 'blur',
  source: PUBLISHED,
  version: 1,
  channels: 'any',
  severities: {
    cifar: [
      { radius: 6, sigma: 1 },
      { radius: 6, sigma: 1.5 },
      { radius: 6, sigma: 2 },
      { radius: 8, sigma: 2 },
      { radius: 9, sigma: 2.5 },
    ],
    imagenet: [
      { radius: 10, sigma: 3 },
      { radius: 15, sigma: 5 },
      { radius: 15, sigma: 8 },
      { radius: 15, sigma: 12 },
      { radius: 20, sigma: 15 },
    ],
  },
  apply(image, { radius, sigma }, draws) {
    const taps = motionTaps(radius, sigma, 90 * draws.uniform() - 45);
    return eachChannel(image, (plane) => motionBlurred(plane, taps));
  },
};
