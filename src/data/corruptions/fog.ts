import { type Corruption, PUBLISHED } from './corruption.js';
import { plasmaOver } from './imaging/plasma.js';

interface Fog {
  thickness: number;
  /** How much finer clouds are weaker. */
  decay: number;
}

/** A plasma fractal is added, and all is scaled so that the brightest pixel may stay as bright. */
export const fog: Corruption<Fog> = {
  name: 'fog',
  title: 'Fog',
  category: 'weather',
  source: PUBLISHED,
  version: 1,
  channels: 'any',
  severities: {
    cifar: [
      { thickness: 0.2, decay: 3 },
      { thickness: 0.5, decay: 3 },
      { thickness: 0.75, decay: 2.5 },
      { thickness: 1, decay: 2 },
      { thickness: 1.5, decay: 1.75 },
    ],
    imagenet: [
      { thickness: 1.5, decay: 2 },
      { thickness: 2, decay: 2 },
      { thickness: 2.5, decay: 1.7 },
      { thickness: 2.5, decay: 1.5 },
      { thickness: 3, decay: 1.4 },
    ],
  },
  apply({ height, width, pixels }, { thickness, decay }, draws) {
    const clouds = plasmaOver(height, width, decay, draws);
    const brightest = pixels.reduce((a, b) => Math.max(a, b), 0);
    const scale = brightest / (brightest + thickness);
    return pixels.map((value, p) => (value + thickness * clouds[p % clouds.length]!) * scale);
  },
};
