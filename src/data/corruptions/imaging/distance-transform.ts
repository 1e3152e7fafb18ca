/** Steps to neighbours that come before a pixel, and how long they are (Borgefors 1986, 5x5, as OpenCV has them). */
const STEPS = [
  [-2, -1, 2.1969],
  [-2, 1, 2.1969],
  [-1, -2, 2.1969],
  [-1, -1, 1.4],
  [-1, 0, 1],
  [-1, 1, 1.4],
  [-1, 2, 2.1969],
  [0, -1, 1],
] as const;

/** How far every pixel is from the nearest one that is marked, about: infinite where none is. Returns (H, W). */
export function distanceTransform(marked: Uint8Array, height: number, width: number): Float64Array {
  const far = Float64Array.from(marked, (mark) => (mark ? 0 : Number.POSITIVE_INFINITY));
  const pass = (y: number, x: number, sign: 1 | -1) => {
    const p = y * width + x;
    for (const [down, right, length] of STEPS) {
      const [v, u] = [y + sign * down, x + sign * right];
      if (v < 0 || v >= height || u < 0 || u >= width) continue;
      far[p] = Math.min(far[p]!, far[v * width + u]! + length);
    }
  };
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) pass(y, x, 1);
  for (let y = height - 1; y >= 0; y--) for (let x = width - 1; x >= 0; x--) pass(y, x, -1);
  return far;
}
