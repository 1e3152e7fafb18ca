import { type Corruption, PUBLISHED, type Raster } from './corruption.js';
import { mirror } from './imaging/borders.js';
import { canny } from './imaging/canny.js';
import { correlate, tapsOf } from './imaging/correlate.js';
import { distanceTransform } from './imaging/distance-transform.js';
import { equalised } from './imaging/equalise.js';
import { gaussianBlur } from './imaging/gaussian.js';
import { colourFor, type Plane } from './imaging/planes.js';

interface Spatter {
  /** Of the noise that drops are made of. */
  mean: number;
  spread: number;
  /** How large drops are. */
  size: number;
  /** Noise below it is no drop. */
  least: number;
  /** Of water, how bright it is; of mud, how far its edge is smoothed. */
  last: number;
  of: 'water' | 'mud';
}

const PALE_TURQUOISE = [175 / 255, 238 / 255, 238 / 255];
const MUD_BROWN = [63 / 255, 42 / 255, 20 / 255];

/** Drops of water on the lens, or splashes of mud. */
export const spatter: Corruption<Spatter> = {
  name: 'spatter',
  title: 'Spatter',
  category: 'extra',
  source: PUBLISHED,
  version: 1,
  channels: 'any',
  severities: {
    cifar: [
      { mean: 0.62, spread: 0.1, size: 0.7, least: 0.7, last: 0.5, of: 'water' },
      { mean: 0.65, spread: 0.1, size: 0.8, least: 0.7, last: 0.5, of: 'water' },
      { mean: 0.65, spread: 0.3, size: 1, least: 0.69, last: 0.5, of: 'water' },
      { mean: 0.65, spread: 0.1, size: 0.7, least: 0.69, last: 0.6, of: 'mud' },
      { mean: 0.65, spread: 0.1, size: 0.5, least: 0.68, last: 0.6, of: 'mud' },
    ],
    imagenet: [
      { mean: 0.65, spread: 0.3, size: 4, least: 0.69, last: 0.6, of: 'water' },
      { mean: 0.65, spread: 0.3, size: 3, least: 0.68, last: 0.6, of: 'water' },
      { mean: 0.65, spread: 0.3, size: 2, least: 0.68, last: 0.5, of: 'water' },
      { mean: 0.65, spread: 0.3, size: 1, least: 0.65, last: 1.5, of: 'mud' },
      { mean: 0.67, spread: 0.4, size: 1, least: 0.65, last: 1.5, of: 'mud' },
    ],
  },
  apply(image, { mean, spread, size, least, last, of }, draws) {
    const { height, width } = image;
    const noise = new Float64Array(height * width);
    draws.normals(noise);
    const smooth = gaussianBlur({ height, width, values: noise.map((z) => mean + spread * z) }, size);
    const drops: Plane = { height, width, values: smooth.map((value) => (value < least ? 0 : value)) };
    return of === 'water' ? watered(image, drops, last) : muddied(image, drops, last);
  },
};

/** x + m * colour, m being the light on drops. */
function watered(image: Raster, drops: Plane, brightness: number): Float64Array {
  const light = lightOn({ ...drops, values: drops.values.map((value) => Math.floor(255 * value) % 256) });
  const strongest = light.reduce((a, b) => Math.max(a, b), 0);
  const colour = colourFor(image, PALE_TURQUOISE);
  return image.pixels.map((value, p) => {
    const m = strongest > 0 ? (brightness * light[p % light.length]!) / strongest : 0;
    return value + m * colour[Math.floor(p / light.length)]!;
  });
}

const BOX = tapsOf(new Float64Array(9).fill(1 / 9));
/** Light from below on the right. */
const EMBOSS = tapsOf([-2, -1, 0, -1, 1, 1, 0, 1, 2]);

/** How drops of bytes shine: by how far their inside is from their edge, embossed. */
function lightOn(drops: Plane): Float64Array {
  const { height, width, values } = drops;
  const far = distanceTransform(canny(drops, 50, 150), height, width).map((d) => Math.min(20, d));
  const depth = equalised(
    correlate({ height, width, values: far }, BOX, mirror).map((v) => Math.floor(v + 1e-5)),
  );
  const relief = correlate({ height, width, values: depth }, EMBOSS, mirror).map((v) =>
    Math.min(255, Math.max(0, v)),
  );
  const light = correlate({ height, width, values: relief }, BOX, mirror);
  return light.map((value, p) => Math.round(value) * values[p]!);
}

/** Mud covers what is behind it. */
function muddied(image: Raster, drops: Plane, smooth: number): Float64Array {
  const mask = gaussianBlur({ ...drops, values: drops.values.map((value) => (value > 0 ? 1 : 0)) }, smooth);
  const colour = colourFor(image, MUD_BROWN);
  return image.pixels.map((value, p) => {
    const share = mask[p % mask.length]! < 0.8 ? 0 : mask[p % mask.length]!;
    return value * (1 - share) + share * colour[Math.floor(p / mask.length)]!;
  });
}
