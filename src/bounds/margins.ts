import { AssayError } from '../errors.js';
import type { Boxes, Hull } from './network/ranges.js';
import { UNIT } from './network/rounding.js';

/** Norms of balls that are bounded. */
export const BALL_NORMS = ['Linf', 'L2'] as const;
export type BallNorm = (typeof BALL_NORMS)[number];

export const isBallNorm = (norm: string): norm is BallNorm => BALL_NORMS.some((one) => one === norm);

/** What a sum of squares in float64 may be off by, more than enough. */
const SUMMED = 1 + 1e-12;

/** Between which numbers pixels of images are. */
const IMAGES: Hull = { lower: 0, upper: 1 };

/** So many numbers, whatever they are. */
type Memory = (length: number) => Float32Array;

/**
 * All images within epsilon of some, (n, C, H, W), as far as they are images: boxes whose ends are rounded outward, and in L2 what the
 * balls have of them.
 * @param memory of the ends
 */
export function ballsAround(
  n: number,
  pixels: Float32Array,
  epsilon: number,
  norm: BallNorm,
  memory: Memory = (length) => new Float32Array(length),
): Boxes {
  const lower = memory(pixels.length);
  const upper = memory(pixels.length);
  for (let i = 0; i < pixels.length; i++) {
    const x = pixels[i]!;
    // Half a unit in the last place of float32, as long as a number is no subnormal one, is no more than that share of it.
    lower[i] = Math.max(0, x - epsilon) * (1 - UNIT);
    upper[i] = Math.min(1, x + epsilon) * (1 + UNIT);
  }
  return {
    n,
    lower,
    upper,
    hull: IMAGES,
    ...(norm === 'L2' && { ball: { centre: pixels, radius: epsilon * SUMMED } }),
  };
}

/** Functions of the logits that are positive where the label wins: f_y - f_j, (n, classes - 1, classes), j in ascending order. */
export function marginRows(labels: Int32Array, classes: number): Float32Array {
  const rows = new Float32Array(labels.length * (classes - 1) * classes);
  labels.forEach((label, image) => {
    if (label < 0 || label >= classes)
      throw new AssayError('data-invalid', 'a label is no class of the model', {
        expected: `0 to ${classes - 1}`,
        found: `${label}`,
      });
    let row = image * (classes - 1);
    for (let j = 0; j < classes; j++) {
      if (j === label) continue;
      rows[row * classes + label] = 1;
      rows[row * classes + j] = -1;
      row++;
    }
  });
  return rows;
}
