import { mapTuple } from '../../map-tuple.js';
import type { Stream } from '../../random/stream.js';
import { type Corruption, PUBLISHED } from './corruption.js';
import { mirror, reflect } from './imaging/borders.js';
import { gaussianBlur } from './imaging/gaussian.js';
import { eachChannel, type Plane } from './imaging/planes.js';
import { affineBetween, sampled } from './imaging/warp.js';

/** All in sides of an image. */
interface Elastic {
  /** Of the field that moves pixels, before it is smoothed. */
  strength: number;
  /** Over how far the field is smoothed. */
  smooth: number;
  /** How far three points are moved, at most, that carry the image with them. */
  affine: number;
}

/** The published code for images of 224 pixels counts 244. */
const SIDE = 244 / 224;

/** Stretched in small regions: a random affine map, then a smooth field of random shifts. */
export const elasticTransform: Corruption<Elastic> = {
  name: 'elastic-transform',
  title: 'Elastic transform',
  category: 'digital',
  source: PUBLISHED,
  version: 1,
  channels: 'any',
  differs:
    'the affine map has exact coordinates, which OpenCV rounded to 1/32 of a pixel in its versions before 5',
  severities: {
    cifar: [
      { strength: 0, smooth: 0, affine: 0.08 },
      { strength: 0.05, smooth: 0.2, affine: 0.07 },
      { strength: 0.08, smooth: 0.06, affine: 0.06 },
      { strength: 0.1, smooth: 0.04, affine: 0.05 },
      { strength: 0.1, smooth: 0.03, affine: 0.03 },
    ],
    imagenet: [
      { strength: 2 * SIDE, smooth: 0.7 * SIDE, affine: 0.1 * SIDE },
      { strength: 2 * SIDE, smooth: 0.08 * SIDE, affine: 0.2 * SIDE },
      { strength: 0.05 * SIDE, smooth: 0.01 * SIDE, affine: 0.02 * SIDE },
      { strength: 0.07 * SIDE, smooth: 0.01 * SIDE, affine: 0.02 * SIDE },
      { strength: 0.12 * SIDE, smooth: 0.01 * SIDE, affine: 0.02 * SIDE },
    ],
  },
  apply(image, { strength, smooth, affine }, draws) {
    const { height, width } = image;
    const side = Math.min(height, width);
    const source = mapBack(height, width, affine * side, draws);
    const field = () => {
      const values = new Float64Array(height * width);
      draws.uniforms(values);
      const plane: Plane = { height, width, values: values.map((u) => 2 * u - 1) };
      return gaussianBlur(plane, smooth * side, { truncate: 3, border: reflect }).map(
        (v) => v * strength * side,
      );
    };
    const [right, down] = [field(), field()];
    return eachChannel(image, (plane) => {
      const carried = sampled(plane, source, mirror);
      return sampled({ height, width, values: carried }, (x, y, p) => [x + right[p]!, y + down[p]!], reflect);
    });
  },
};

/** Where pixels come from when three points about the middle are moved by up to `far` in both directions. */
function mapBack(height: number, width: number, far: number, draws: Stream) {
  const [x, y] = [Math.floor(width / 2), Math.floor(height / 2)];
  const reach = Math.floor(Math.min(height, width) / 3);
  const corners = [
    [x + reach, y + reach],
    [x + reach, y - reach],
    [x - reach, y - reach],
  ] as const;
  const moved = mapTuple(corners, ([cx, cy]) => {
    return [cx + far * (2 * draws.uniform() - 1), cy + far * (2 * draws.uniform() - 1)] as const;
  });
  return affineBetween(moved, corners);
}
