/** Images cut to [0, 1]. */
export const inBox = (pixels: Float32Array): Float32Array => pixels.map((x) => Math.min(1, Math.max(0, x)));

/** The share of the numbers that `inBox` cuts. */
export const shareOutside = (pixels: Float32Array): number =>
  pixels.reduce((count, x) => count + Number(x < 0 || x > 1), 0) / pixels.length;
