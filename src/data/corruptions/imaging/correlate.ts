import type { Border } from './borders.js';
import type { Plane } from './planes.js';

/** A number of a kernel, and where it looks from the pixel that is made. */
export interface Tap {
  down: number;
  right: number;
  weight: number;
}

/** Every pixel as the weighted sum of those around it. */
export function correlate(
  { height, width, values }: Plane,
  taps: readonly Tap[],
  border: Border,
): Float64Array {
  const made = new Float64Array(values.length);
  for (const { down, right, weight } of taps) {
    const columns = Int32Array.from({ length: width }, (_, x) => border(x + right, width));
    for (let y = 0; y < height; y++) {
      const row = border(y + down, height) * width;
      for (let x = 0, at = y * width; x < width; x++, at++) made[at]! += weight * values[row + columns[x]!]!;
    }
  }
  return made;
}

/** The numbers of a square kernel that are not 0, row by row, about its centre. */
export function tapsOf(kernel: ArrayLike<number>): Tap[] {
  const side = Math.sqrt(kernel.length);
  const middle = (side - 1) / 2;
  return Array.from(kernel, (weight, k) => ({
    down: Math.floor(k / side) - middle,
    right: (k % side) - middle,
    weight,
  })).filter(({ weight }) => weight !== 0);
}
