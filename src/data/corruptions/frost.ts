import { type Corruption, PUBLISHED } from './corruption.js';
import { iceOn } from './imaging/ice.js';
import { colourFor } from './imaging/planes.js';

interface Frost {
  /** How much of the scene is seen. */
  scene: number;
  /** How much of the ice. */
  ice: number;
}

/** From a pane without ice to one that is white with it. */
const CLEAR = [0.2, 0.29, 0.38];
const WHITE = [0.92, 0.97, 1];

/** The scene and, in front of it, a pane with ice. */
export const frost: Corruption<Frost> = {
  name: 'frost',
  title: 'Frost',
  category: 'weather',
  source: PUBLISHED,
  version: 1,
  channels: 'any',
  differs:
    'the published code lays crops of five photographs over images; here the ice is drawn, another one for every image',
  severities: {
    cifar: [
      { scene: 1, ice: 0.2 },
      { scene: 1, ice: 0.3 },
      { scene: 0.9, ice: 0.4 },
      { scene: 0.85, ice: 0.4 },
      { scene: 0.75, ice: 0.45 },
    ],
    imagenet: [
      { scene: 1, ice: 0.4 },
      { scene: 0.8, ice: 0.6 },
      { scene: 0.7, ice: 0.7 },
      { scene: 0.65, ice: 0.7 },
      { scene: 0.6, ice: 0.75 },
    ],
  },
  apply(image, { scene, ice }, draws) {
    const { height, width, pixels } = image;
    const white = iceOn(height, width, draws);
    const [from, to] = [colourFor(image, CLEAR), colourFor(image, WHITE)];
    return pixels.map((value, p) => {
      const channel = Math.floor(p / white.length);
      const pane = from[channel]! + (to[channel]! - from[channel]!) * white[p % white.length]!;
      return scene * value + ice * pane;
    });
  },
};
