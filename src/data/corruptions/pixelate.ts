import { type Corruption, PUBLISHED } from './corruption.js';
import { boxResize } from './imaging/box-resize.js';
import { eachChannel } from './imaging/planes.js';

/** Made smaller and large again, by means over boxes. */
export const pixelate: Corruption<number> = {
  name: 'pixelate',
  title: 'Pixelate',
  category: 'digital',
  source: PUBLISHED,
  version: 1,
  channels: 'any',
  severities: {
    cifar: [0.95, 0.9, 0.85, 0.75, 0.65],
    imagenet: [0.6, 0.5, 0.4, 0.3, 0.25],
  },
  apply(image, share) {
    const { height, width } = image;
    const side = (n: number) => Math.max(1, Math.trunc(n * share));
    return eachChannel(image, ({ values }) => {
      const bytes = { height, width, values: values.map((value) => Math.round(255 * value)) };
      const small = boxResize(bytes, side(height), side(width));
      return boxResize(small, height, width).values.map((byte) => byte / 255);
    });
  },
};
