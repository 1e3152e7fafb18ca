import { Type } from 'assay/data';

/** A transform: every image seen in a mirror. `mirrored: { of: test, mirror: {} }` */
export const mirror = {
  kind: 'transform',
  name: 'mirror',
  version: 1,
  title: 'Mirror images',
  source: 'a baseline',
  options: Type.Object({}, { additionalProperties: false, description: 'Left and right change places.' }),
  keepsLabels: true,
  describe: () => 'mirrored',
  async apply({ pixels, failed = [] }, _options, { parent: { shape } }) {
    const [, , width] = shape;
    const mirrored = pixels.map((_, at) => pixels[at - (at % width) + (width - 1 - (at % width))]);
    return { pixels: mirrored, failed };
  },
};
