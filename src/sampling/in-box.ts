/** Images cut to [0, 1]. */
export const inBox = (pixels: Float32Array): Float32Array => pixels.map((x) => Math.min(1, Math.max(0, x)));

const shareOf = (pixels: Float32Array, test: (x: number) => boolean): number =>
  pixels.reduce((count, x) => count + Number(test(x)), 0) / pixels.length;

/** The share of the numbers that `inBox` cuts. */
export const shareOutside = (pixels: Float32Array): number => shareOf(pixels, (x) => x < 0 || x > 1);

/** The share of the numbers that are 0 or 1 once they are cut. */
export const shareSaturated = (pixels: Float32Array): number => shareOf(pixels, (x) => x <= 0 || x >= 1);
