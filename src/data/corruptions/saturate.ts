import { type Corruption, PUBLISHED } from './corruption.js';
import { mapHsv } from './imaging/hsv.js';

interface Saturation {
  factor: number;
  shift: number;
}

/** The saturation of HSV, scaled and shifted: paler at the first two severities, more colourful at the others. */
export const saturate: Corruption<Saturation> = {
  name: 'saturate',
  title: 'Saturate',
  category: 'extra',
  source: PUBLISHED,
  version: 1,
  channels: 'rgb',
  severities: {
    cifar: [
      { factor: 0.3, shift: 0 },
      { factor: 0.1, shift: 0 },
      { factor: 1.5, shift: 0 },
      { factor: 2, shift: 0.1 },
      { factor: 2.5, shift: 0.2 },
    ],
    imagenet: [
      { factor: 0.3, shift: 0 },
      { factor: 0.1, shift: 0 },
      { factor: 2, shift: 0 },
      { factor: 5, shift: 0.1 },
      { factor: 20, shift: 0.2 },
    ],
  },
  apply: ({ pixels }, { factor, shift }) =>
    mapHsv(pixels, ([hue, saturation, value]) => [hue, Math.min(1, saturation * factor + shift), value]),
};
