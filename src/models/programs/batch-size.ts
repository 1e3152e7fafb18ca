import type { Prepared, TracedShapes } from '../graph/prepare.js';

/** Numbers that all values of the network together hold for one image, weights aside. */
export function activationsPerImage({ graph }: Prepared, { n, shapes }: TracedShapes): number {
  let total = 0;
  for (const [name, { dims }] of shapes)
    if (!graph.initializers.has(name)) total += dims.reduce((a, d) => a * d, 1);
  return total / n;
}

/**
 * Activations in flight per engine call. Small enough that a batch stays near the caches and that memory is no
 * concern, large enough that the cost of a call does not matter.
 */
const ACTIVATIONS = 2 ** 23;

/** A power of two from 1 to 64: beyond, nothing is gained, and sessions side by side find less to share. */
export function efficientBatch(activations: number): number {
  const size = 2 ** Math.round(Math.log2(ACTIVATIONS / Math.max(1, activations)));
  return Math.min(64, Math.max(1, size));
}
