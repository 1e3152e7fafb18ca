import type { Picture } from '../../src/suite.js';

/** Between two images, in pixels, and its grey. */
const GAP = 1;
const GREY = 0.5;

/**
 * Images side by side in one picture: a report with hundreds of samples has a file for each line, not for each sample.
 * Images of other than 1 or 3 channels are shown by their first.
 * @param columns places for images, of which the last may stay empty: lines of one grid are as wide, so that all images are as large
 */
export function strip(
  images: readonly Float32Array[],
  [channels, height, width]: readonly [number, number, number],
  rest: Pick<Picture, 'caption' | 'mark'> = {},
  columns = images.length,
): Picture {
  const shown = channels === 3 ? 3 : 1;
  const wide = columns * (width + GAP) - GAP;
  const pixels = new Float32Array(shown * height * wide).fill(GREY);
  images.forEach((image, at) => {
    for (let c = 0; c < shown; c++)
      for (let y = 0; y < height; y++) {
        const from = (c * height + y) * width;
        pixels.set(image.subarray(from, from + width), (c * height + y) * wide + at * (width + GAP));
      }
  });
  return { pixels, shape: [shown, height, wide], ...rest };
}
