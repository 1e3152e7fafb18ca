import { Type } from '../../config/type.js';
import type { PixelTransform } from './derivation.js';

const Options = Type.Object(
  {},
  { additionalProperties: false, description: 'The negative of every image: 1 - x.' },
);

/** Negatives. */
export const invert: PixelTransform<typeof Options> = {
  kind: 'transform',
  name: 'invert',
  version: 1,
  title: 'Negatives',
  source: 'Hosseini et al. 2017',
  options: Options,
  keepsLabels: false,
  describe: () => 'negatives: 1 - x',
  async apply({ pixels, failed }) {
    return { pixels: pixels.map((value) => 1 - value), ...(failed && { failed }) };
  },
};
