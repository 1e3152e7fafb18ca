import type { Batch, LossName } from '../system.js';
import { overChains } from './chains.js';
import { gradientThroughChains, type PurifiedGradients, type PurifiedParts } from './through-chains.js';

/** The gradient of one draw on its way back through the chains. */
export interface ChainGradients extends Omit<PurifiedGradients, 'gradient'> {
  /** (n, C, H, W): V_K, the chains taken for the identity (BPDA). */
  straightThrough: Float32Array;
  /** (n, C, H, W): V_0, back through every step. */
  full: Float32Array;
}

/**
 * The straight-through and the full gradient of the same draw, for what the pass of the full one costs.
 * @param look is shown, for k from the number of steps to 0, V_k (n, C, H, W), the sum over the chains of an image of
 * v_k = d loss / d x_k: its gradient if the chains were the identity up to step k; and (n) the sum over them of |v_k|^2
 */
export async function chainGradients(
  parts: PurifiedParts,
  batch: Batch,
  loss: LossName,
  look?: (step: number, sum: Float32Array, squares: Float64Array) => void,
): Promise<ChainGradients> {
  const { options, classifier } = parts;
  const { chains, steps } = options;
  let straightThrough: Float32Array = new Float32Array(0);
  const full: PurifiedParts = { ...parts, options: { ...options, gradient: 'full' } };
  const name = `${classifier.info.name}, purified`;
  const { gradient, ...rest } = await gradientThroughChains(full, batch, loss, name, (step, each) => {
    const sum = overChains(each, batch.n, chains, 1);
    if (step === steps) straightThrough = sum;
    look?.(step, sum, squaredNorms(each, batch.n));
  });
  return { ...rest, straightThrough, full: gradient };
}

/** Sums of squares of n equal parts, in double precision. */
function squaredNorms(values: Float32Array, n: number): Float64Array {
  const width = values.length / Math.max(1, n);
  return Float64Array.from({ length: n }, (_, i) => {
    let squares = 0;
    for (let j = i * width; j < (i + 1) * width; j++) squares += values[j]! * values[j]!;
    return squares;
  });
}
