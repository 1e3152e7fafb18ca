import { type GraphBuilder, int } from '../graph/build.js';
import { floats } from '../graph/tensor.js';

/**
 * Sums in onnxruntime's blocked layout of images (NCHWc). What follows a convolution stays in it as a convolution, Add, Relu or pool,
 * and depthwise convolutions take a sum and a Relu in the same pass; of other operators each makes two conversions.
 */

/** Blocks have 16 or 8 channels, and conversions take multiples of 4. */
const LEAST = 8;

/** Whether numbers of one image (C, H, W) may lie in blocks. */
export const isBlocked = (dims: readonly number[]): boolean =>
  dims.length === 3 && dims[0]! >= LEAST && dims[0]! % 4 === 0;

/** factor x of values (n, C, H, W). */
export const scaled = (b: GraphBuilder, channels: number, x: string, factor: number): string =>
  b.op('Conv', [x, b.constant(floats([channels, 1, 1, 1], new Float32Array(channels).fill(factor)))], {
    group: int(channels),
  });

/**
 * factor x + z: a product and a sum, each of which rounds.
 * @param dims of one image
 */
export function scaledSum(
  b: GraphBuilder,
  dims: readonly number[],
  x: string,
  factor: number,
  z: string,
): string {
  // The depthwise convolution comes first: it takes the sum, not the convolution that may have given z.
  if (isBlocked(dims)) return b.op('Add', [scaled(b, dims[0]!, x, factor), z]);
  const product = Math.abs(factor) === 1 ? x : b.op('Mul', [x, b.scalar(Math.abs(factor))]);
  return factor < 0 ? b.op('Sub', [z, product]) : b.op('Add', [product, z]);
}
