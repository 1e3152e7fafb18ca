/**
 * Images with a step in units of the model's own input, (n, C, H, W).
 * @param step of a number of the image, given the gradient there in the same units
 */
export function movedPixels(
  pixels: Float32Array,
  gradient: Float32Array,
  inputScale: readonly number[],
  n: number,
  step: (gradient: number, at: number) => number,
): Float32Array {
  const size = pixels.length / Math.max(1, n);
  const plane = size / inputScale.length;
  return pixels.map((x, at) => {
    const scale = inputScale[Math.floor((at % size) / plane)]!;
    return x + step(gradient[at]! / scale, at) / scale;
  });
}
