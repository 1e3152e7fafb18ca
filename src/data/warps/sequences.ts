import type { Stream } from '../../random/stream.js';
import { type Padding, warped } from './warp.js';

type Shape = readonly [channels: number, height: number, width: number];

/** A sequence of frames that are made of one image, each a little different from the one before. */
export interface Sequence {
  name: string;
  title: string;
  /**
   * With which frame the class of each is compared: with the one before, or, where frames are noise and none is nearer to
   * the one before than to any other, with the first, which is the image itself (Hendrycks & Dietterich 2019, section 3).
   */
  against: 'previous' | 'first';
  /** @param share how far through the sequence, from 0 to 1; draws of this image and frame */
  frame(image: Float32Array, shape: Shape, share: number, padding: Padding, draws: Stream): Float32Array;
}

/** From -reach to reach. */
const across = (share: number, reach: number) => reach * (2 * share - 1);
const cut = (value: number) => Math.min(1, Math.max(0, value));

const rows: readonly Sequence[] = [
  {
    name: 'rotate',
    title: 'rotation from -15 to 15 degrees',
    against: 'previous',
    frame: (image, shape, share, padding) => warped(image, shape, { degrees: across(share, 15) }, padding),
  },
  {
    name: 'translate',
    title: 'translation from left to right by 3/32 of the width either way',
    against: 'previous',
    frame: (image, shape, share, padding) =>
      warped(image, shape, { right: across(share, (3 / 32) * shape[2]) }, padding),
  },
  {
    name: 'scale',
    title: 'scale from 0.9 to 1.1',
    against: 'previous',
    frame: (image, shape, share, padding) => warped(image, shape, { scale: 1 + across(share, 0.1) }, padding),
  },
  {
    name: 'brightness',
    title: 'all pixels from 0.15 darker to 0.15 brighter',
    against: 'previous',
    frame: (image, _, share) => image.map((pixel) => cut(pixel + across(share, 0.15))),
  },
  {
    name: 'gaussian-noise',
    title: 'fresh Gaussian noise of standard deviation 0.04 in every frame but the first',
    against: 'first',
    frame(image, _, share, __, draws) {
      if (share === 0) return image.slice();
      const noise = new Float64Array(image.length);
      draws.normals(noise);
      return image.map((pixel, p) => cut(pixel + 0.04 * noise[p]!));
    },
  },
];

/** Every sequence, by name. */
export const sequences: ReadonlyMap<string, Sequence> = new Map(rows.map((row) => [row.name, row]));
