import { type Corruption, PUBLISHED } from './corruption.js';
import { jpegRoundTrip } from './imaging/jpeg.js';

/** Written as a JPEG file of some quality, and read. */
export const jpegCompression: Corruption<number> = {
  name: 'jpeg-compression',
  title: 'JPEG compression',
  category: 'digital',
  source: PUBLISHED,
  version: 1,
  channels: 'any',
  severities: {
    cifar: [80, 65, 58, 50, 40],
    imagenet: [25, 18, 15, 10, 7],
  },
  apply: jpegRoundTrip,
};
