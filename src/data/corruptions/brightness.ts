import { type Corruption, PUBLISHED } from './corruption.js';
import { mapHsv } from './imaging/hsv.js';

/** The value of HSV, the highest of red, green and blue, raised by c; of grey images, the grey. */
export const brightness: Corruption<number> = {
  name: 'brightness',
  title: 'Brightness',
  category: 'weather',
  source: PUBLISHED,
  version: 1,
  channels: 'any',
  severities: {
    cifar: [0.05, 0.1, 0.15, 0.2, 0.3],
    imagenet: [0.1, 0.2, 0.3, 0.4, 0.5],
  },
  apply({ pixels, channels }, shift) {
    if (channels === 1) return pixels.map((grey) => grey + shift);
    return mapHsv(pixels, ([hue, saturation, value]) => [hue, saturation, Math.min(1, value + shift)]);
  },
};
