import type { Shapes } from '../autodiff/site.js';
import { traceShapes } from '../autodiff/trace.js';
import type { Engine } from '../engines/engine.js';
import { noiseImages, type Prepared, pixelValue } from './prepare.js';

/** Images that shapes are read off: more than one, so that the batch axis is not mistaken for one that broadcasts. */
export const TRACED = 2;

/** Shapes of all values of a network, for a batch of so many images or of as many as it insists on. */
export function shapesOf(
  engine: Engine,
  { graph, pixels, fixedBatch: n = TRACED }: Prepared,
  shape: readonly number[],
): Promise<Shapes> {
  return traceShapes(engine, graph, { [pixels]: pixelValue(noiseImages(n, shape), n, shape) });
}

/** Numbers that all values of the network together hold for one image, weights aside. */
export function activationsPerImage({ graph, fixedBatch: n = TRACED }: Prepared, shapes: Shapes): number {
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
  const wanted = 2 ** Math.round(Math.log2(ACTIVATIONS / Math.max(1, activations)));
  return Math.min(64, Math.max(1, wanted));
}
