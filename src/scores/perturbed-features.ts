import { movedPixels } from './moved-pixels.js';
import type { Probe } from './probe.js';

/** How AdaSCALE perturbs images. */
export interface Perturbing {
  /** Share of the numbers of the image. */
  perturbed: number;
  /** In units of the model's own input. */
  step: number;
}

/**
 * Features, (n, width), after a step up the predicted logit by the numbers of the image that it depends on least
 * (Regmi 2025, eq. 3-4).
 */
export const perturbedFeatures: Probe<Perturbing> = {
  name: 'perturbed-features',
  options: ['perturbed', 'step'],
  finds: ({ featureWidth = 0 }) => ({ perturbed: featureWidth }),
  passes: () => ({ forward: 1, gradient: 1 }),
  async ask({ system, batch }, { perturbed, step }) {
    const { n, pixels } = batch;
    const { gradient } = await system.gradient(batch, 'max-logit');
    const { inputScale } = system.info;
    const chosen = leastOf(gradient, n, inputScale, perturbed);
    const moved = movedPixels(pixels, gradient, inputScale, n, (g, at) =>
      chosen[at] ? step * Math.sign(g) : 0,
    );
    const { values } = await system.evaluate({ ...batch, pixels: moved }, ['features']);
    return { perturbed: values.features ?? new Float32Array(0) };
  },
};

/** Of each image, 1 at the given share of its numbers: those with the smallest gradient, the first of equal ones. */
function leastOf(
  gradient: Float32Array,
  n: number,
  inputScale: readonly number[],
  share: number,
): Uint8Array {
  const size = gradient.length / Math.max(1, n);
  const plane = size / inputScale.length;
  const chosen = new Uint8Array(gradient.length);
  const slope = new Float64Array(size);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < size; j++)
      slope[j] = Math.abs(gradient[i * size + j]! / inputScale[Math.floor(j / plane)]!);
    const order = Uint32Array.from(slope.keys()).sort((a, b) => slope[a]! - slope[b]! || a - b);
    for (const j of order.subarray(0, Math.floor(share * size))) chosen[i * size + j] = 1;
  }
  return chosen;
}
