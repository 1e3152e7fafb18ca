import { type Corruption, PUBLISHED } from './corruption.js';

/** Salt and pepper: a share of all numbers becomes 0 or 1, each as likely, every channel by itself. */
export const impulseNoise: Corruption<number> = {
  name: 'impulse-noise',
  title: 'Impulse noise',
  category: 'noise',
  source: PUBLISHED,
  version: 1,
  channels: 'any',
  severities: {
    cifar: [0.01, 0.02, 0.03, 0.05, 0.07],
    imagenet: [0.03, 0.06, 0.09, 0.17, 0.27],
  },
  apply({ pixels }, share, draws) {
    const drawn = new Float64Array(pixels.length);
    draws.uniforms(drawn);
    return pixels.map((value, p) => (drawn[p]! >= share ? value : drawn[p]! < share / 2 ? 0 : 1));
  },
};
