import { imageSize } from '../../models/batching.js';
import type { SystemInfo } from '../../models/system.js';
import { ClassGaussians } from '../../sampling/class-gaussians.js';
import { float32, type RowsIn } from '../columns.js';
import { defineMeasurement } from '../contract.js';

export interface GaussianImageParams {
  n: number;
  /** 1 where the images have no labels. */
  classes: number;
  /** One class for all; default: the classes in turn. */
  class?: number;
}

const columns = ({ shape }: SystemInfo, { n }: GaussianImageParams) => ({ images: float32(n, ...shape) });

export type GaussianImageRows = RowsIn<ReturnType<typeof columns>>;

/**
 * Draws from the class-wise Gaussians of a data set (JEM++, Yang & Ji 2021), in one pass over its images: one row,
 * `images` (n, C, H, W) in [0, 1].
 */
export const gaussianImages = defineMeasurement({
  name: 'gaussian-images',
  version: 1,
  needs: [],
  unitSize: 1,
  aggregate: 'images',
  passes: () => ({ forward: 0, gradient: 0 }),
  columns,
  async measure({ images, system, seed, signal }, { n, classes, class: one }: GaussianImageParams) {
    const size = imageSize(system.info);
    const of = Int32Array.from({ length: n }, (_, i) => one ?? i % classes);
    const draws = new ClassGaussians({ of, classes, size, seed });
    for await (const part of images()) {
      signal.throwIfAborted();
      draws.take(part.pixels, part.labels);
    }
    return { images: draws.images(system.info.inputScale) };
  },
});
