import { type Corruption, PUBLISHED } from './corruption.js';
import { gaussianBlur } from './imaging/gaussian.js';
import { eachChannel, truncated } from './imaging/planes.js';

interface Glass {
  sigma: number;
  /** How far pixels are moved, at most. */
  reach: number;
  rounds: number;
}

/** Seen through frosted glass: blurred, pixels moved about, blurred again. */
export const glassBlur: Corruption<Glass> = {
  name: 'glass-blur',
  title: 'Glass blur',
  category: 'blur',
  source: PUBLISHED,
  version: 1,
  channels: 'any',
  severities: {
    cifar: [
      { sigma: 0.05, reach: 1, rounds: 1 },
      { sigma: 0.25, reach: 1, rounds: 1 },
      { sigma: 0.4, reach: 1, rounds: 1 },
      { sigma: 0.25, reach: 1, rounds: 2 },
      { sigma: 0.4, reach: 1, rounds: 2 },
    ],
    imagenet: [
      { sigma: 0.7, reach: 1, rounds: 2 },
      { sigma: 0.9, reach: 2, rounds: 1 },
      { sigma: 1, reach: 2, rounds: 3 },
      { sigma: 1.1, reach: 3, rounds: 2 },
      { sigma: 1.5, reach: 4, rounds: 2 },
    ],
  },
  apply(image, { sigma, reach, rounds }, draws) {
    const { channels, height, width } = image;
    const size = height * width;
    const pixels = truncated(eachChannel(image, (plane) => gaussianBlur(plane, sigma)));
    /** From -reach to reach - 1. */
    const offset = () => Math.floor(2 * reach * draws.uniform()) - reach;
    // The published code means to swap two pixels, but its first assignment has changed what the second one reads:
    // a pixel becomes a copy of the other, which stays. So it is in the published images, and here.
    for (let round = 0; round < rounds; round++)
      for (let y = height - reach; y > reach; y--)
        for (let x = width - reach; x > reach; x--) {
          const [right, down] = [offset(), offset()];
          for (let c = 0; c < channels; c++)
            pixels[c * size + y * width + x] = pixels[c * size + (y + down) * width + x + right]!;
        }
    return eachChannel({ channels, height, width, pixels }, (plane) => gaussianBlur(plane, sigma));
  },
};
