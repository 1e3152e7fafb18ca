import { type Corruption, PUBLISHED } from './corruption.js';

/** Every channel moved towards its mean over the image: (x - mean) * c + mean. */
export const contrast: Corruption<number> = {
  name: 'contrast',
  title: 'Contrast',
  category: 'digital',
  source: PUBLISHED,
  version: 1,
  channels: 'any',
  severities: {
    cifar: [0.75, 0.5, 0.4, 0.3, 0.15],
    imagenet: [0.4, 0.3, 0.2, 0.1, 0.05],
  },
  apply({ pixels, channels }, factor) {
    const size = pixels.length / channels;
    for (let start = 0; start < pixels.length; start += size) {
      const channel = pixels.subarray(start, start + size);
      const mean = channel.reduce((sum, value) => sum + value, 0) / size;
      for (let p = 0; p < size; p++) channel[p] = (channel[p]! - mean) * factor + mean;
    }
    return pixels;
  },
};
