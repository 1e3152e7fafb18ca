import { AssayError } from '../../errors.js';
import { recordChains } from '../../sampling/adjoint.js';
import { sgld } from '../../sampling/sgld.js';
import { addTo } from '../passes.js';
import type { Batch, Gradients, LossName, System } from '../system.js';
import { keysOfVisit, overChains, startChains } from './chains.js';
import { keysOf } from './keys.js';
import type { PurifyOptions } from './purify-options.js';

/** A classifier, what purifies for it, and how. */
export interface PurifiedParts {
  classifier: System;
  by: System;
  options: PurifyOptions;
}

/** With what the chains made of each image: (n * chains, C, H, W). */
export interface PurifiedGradients extends Gradients {
  purified: Float32Array;
}

/** Chains of each example of a batch, at their starts. */
export function chainsOf({ by, options }: PurifiedParts, batch: Batch, name: string) {
  return startChains(by, batch, keysOfVisit(keysOf(batch, name), options.seed), options);
}

/**
 * The loss of the mean logits of one draw, with its gradient: `straight-through` (BPDA, Athalye et al. 2018) differentiates
 * at the purified images and takes the chains for the identity; `full` goes back through every step of them.
 * @param look is shown d loss / d x_k (n * chains, C, H, W) of every chain, from the last step to the first; it must not
 * keep it. With straight-through gradients that of the ends alone.
 */
export async function gradientThroughChains(
  parts: PurifiedParts,
  batch: Batch,
  loss: LossName,
  name: string,
  look?: (step: number, gradient: Float32Array) => void,
): Promise<PurifiedGradients> {
  const { classifier, by, options } = parts;
  const { steps, chains } = options;
  const grouped = classifier.groupedGradient?.bind(classifier);
  if (!grouped)
    throw new AssayError('op-unsupported', `"${name}" has no gradient`, {
      found: classifier.info.lacks.inputGradient ?? 'its classifier has no gradient of averaged logits',
    });
  const state = chainsOf(parts, batch, name);
  const { keys: _, signal, ...aims } = batch;
  const climbing = { ...options, signal };
  const recorded = options.gradient === 'full' ? await recordChains(by, state, climbing) : undefined;
  const passes = recorded?.passes ?? (await sgld(by, state, climbing));
  const { n } = batch;
  const draws = { ...aims, group: chains, pixels: state.pixels };
  const gradients = await grouped(draws, loss);
  addTo(passes, gradients.passes);
  let { gradient } = gradients;
  if (recorded) {
    const back = await recorded.back(gradient, look);
    addTo(passes, back.passes);
    gradient = back.gradient;
  } else look?.(steps, gradient);
  return {
    ...gradients,
    // Each draw's gradient already carries the 1 / chains of the mean: the chain rule sums.
    gradient: overChains(gradient, n, chains, 1),
    passes,
    purified: state.pixels,
  };
}
