import { type GraphBuilder, int } from '../../graph/build.js';
import { floats } from '../../graph/tensor.js';

/**
 * Sums in onnxruntime's blocked layout of images (NCHWc). What follows a convolution stays in it as a convolution, Add, Relu or pool,
 * and depthwise convolutions take a sum and a Relu in the same pass; of other operators each makes two conversions.
 */

/** Blocks have 16 or 8 channels, and conversions take multiples of 4. */
const LEAST = 8;

/** Whether numbers of one image (C, H, W) may lie in blocks. */
export const isBlocked = (dims: readonly number[]): boolean =>
  dims.length === 3 && dims[0]! >= LEAST && dims[0]! % 4 === 0;

/** factor x + offset, of values (n, C, H, W). */
export function scaled(b: GraphBuilder, channels: number, x: string, factor: number, offset = 0): string {
  const each = (dims: number[], value: number) =>
    b.constant(floats(dims, new Float32Array(channels).fill(value)));
  const weights = each([channels, 1, 1, 1], factor);
  return b.op('Conv', offset === 0 ? [x, weights] : [x, weights, each([channels], offset)], {
    group: int(channels),
  });
}

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
  // The depthwise convolution comes first: it takes the sum, and not a convolution that gave z, in the midst of its own.
  if (isBlocked(dims)) return b.op('Add', [scaled(b, dims[0]!, x, factor), z]);
  const product = Math.abs(factor) === 1 ? x : b.op('Mul', [x, b.scalar(Math.abs(factor))]);
  return factor < 0 ? b.op('Sub', [z, product]) : b.op('Add', [product, z]);
}
