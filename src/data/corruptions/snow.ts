import { type Corruption, PUBLISHED } from './corruption.js';
import { clippedZoom } from './imaging/clipped-zoom.js';
import { motionBlurred, motionTaps } from './imaging/motion.js';
import { luminance, truncated } from './imaging/planes.js';

interface Snow {
  /** Of the noise that flakes are made of. */
  mean: number;
  spread: number;
  /** How large flakes are. */
  zoom: number;
  /** Noise below it is no flake. */
  least: number;
  /** How flakes fall. */
  radius: number;
  sigma: number;
  /** How much of the scene is not whitened. */
  keep: number;
}

/** Flakes that fall, and the same turned by half a turn, before a scene that is whitened. */
export const snow: Corruption<Snow> = {
  name: 'snow',
  title: 'Snow',
  category: 'weather',
  source: PUBLISHED,
  version: 1,
  channels: 'any',
  severities: {
    cifar: [
      { mean: 0.1, spread: 0.2, zoom: 1, least: 0.6, radius: 8, sigma: 3, keep: 0.95 },
      { mean: 0.1, spread: 0.2, zoom: 1, least: 0.5, radius: 10, sigma: 4, keep: 0.9 },
      { mean: 0.15, spread: 0.3, zoom: 1.75, least: 0.55, radius: 10, sigma: 4, keep: 0.9 },
      { mean: 0.25, spread: 0.3, zoom: 2.25, least: 0.6, radius: 12, sigma: 6, keep: 0.85 },
      { mean: 0.3, spread: 0.3, zoom: 1.25, least: 0.65, radius: 14, sigma: 12, keep: 0.8 },
    ],
    imagenet: [
      { mean: 0.1, spread: 0.3, zoom: 3, least: 0.5, radius: 10, sigma: 4, keep: 0.8 },
      { mean: 0.2, spread: 0.3, zoom: 2, least: 0.5, radius: 12, sigma: 4, keep: 0.7 },
      { mean: 0.55, spread: 0.3, zoom: 4, least: 0.9, radius: 12, sigma: 8, keep: 0.7 },
      { mean: 0.55, spread: 0.3, zoom: 4.5, least: 0.85, radius: 12, sigma: 8, keep: 0.65 },
      { mean: 0.55, spread: 0.3, zoom: 2.5, least: 0.85, radius: 12, sigma: 12, keep: 0.55 },
    ],
  },
  apply(image, { mean, spread, zoom, least, radius, sigma, keep }, draws) {
    const { height, width, pixels } = image;
    const size = height * width;
    const noise = new Float64Array(size);
    draws.normals(noise);
    const values = clippedZoom({ height, width, values: noise.map((z) => mean + spread * z) }, zoom);
    const flakes = truncated(values.map((value) => (value < least ? 0 : value)));
    const falling = motionTaps(radius, sigma, 90 * draws.uniform() - 135);
    const layer = motionBlurred({ height, width, values: flakes }, falling);
    const grey = luminance(image);
    return pixels.map((value, p) => {
      const place = p % size;
      const white = Math.max(value, 1.5 * grey[place]! + 0.5);
      return keep * value + (1 - keep) * white + layer[place]! + layer[size - 1 - place]!;
    });
  },
};
