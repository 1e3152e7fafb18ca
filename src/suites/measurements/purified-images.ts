import { startChains } from '../../models/defences/chains.js';
import type { PurifyOptions } from '../../models/defences/purify-options.js';
import type { SystemInfo } from '../../models/system.js';
import { inBox } from '../../sampling/in-box.js';
import { sgld } from '../../sampling/sgld.js';
import { float32 } from '../columns.js';
import { defineMeasurement, type MeasureContext } from '../contract.js';
import { eachBatch } from './batches.js';

/** A single chain; the system that is measured purifies. */
export type PurifiedImagesParams = Pick<
  PurifyOptions,
  'steps' | 'stepSize' | 'noise' | 'inputNoise' | 'clamp'
>;

/**
 * What SGLD makes of images. Row: `pixels` (n, C, H, W), where a single chain ends, cut to [0, 1]. It draws what the
 * first chain of `purified` does, so that with `clamp: box` the images are the ones that were classified there.
 */
export const purifiedImages = defineMeasurement({
  name: 'purified-images',
  version: 2,
  needs: ['logPx', 'inputGradient'],
  unitSize: 256,
  passes: ({ steps }: PurifiedImagesParams) => ({ forward: 0, gradient: steps }),
  columns: ({ shape }: SystemInfo) => ({ pixels: float32(...shape) }),
  async measure(
    context: MeasureContext,
    { steps, inputNoise, stepSize, noise, clamp }: PurifiedImagesParams,
  ) {
    const { system: by, examples, seed, signal } = context;
    const { n, indices } = examples;
    const size = examples.pixels.length / Math.max(1, n);
    const pixels = new Float32Array(n * size);
    await eachBatch(context, 'purified', async (batch, start) => {
      const keys = Array.from(indices.subarray(start, start + batch.n), (example) => ({
        seed,
        purpose: 'purified',
        example,
      }));
      const state = startChains(by, batch, keys, { chains: 1, inputNoise });
      await sgld(by, state, { steps, stepSize, noise, clamp, signal });
      pixels.set(inBox(state.pixels), start * size);
    });
    return { pixels };
  },
});
