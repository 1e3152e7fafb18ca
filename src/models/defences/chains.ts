import type { StreamKey } from '../../random/stream.js';
import { addNoise, type SgldState } from '../../sampling/sgld.js';
import type { Batch, System } from '../system.js';
import type { PurifyOptions } from './purify-options.js';

/**
 * Starts of `chains` chains per image, the chains of an image together, with the input noise added. The noise of a
 * step is that of (key, chain, step), so that the first k steps of a longer chain are the chain of k steps, and chains
 * can be looked at on their way.
 */
export function startChains(
  by: System,
  { n, pixels }: Pick<Batch, 'n' | 'pixels'>,
  keys: readonly StreamKey[],
  { chains, inputNoise }: Pick<PurifyOptions, 'chains' | 'inputNoise'>,
): SgldState {
  const size = pixels.length / Math.max(1, n);
  const copies = new Float32Array(n * chains * size);
  for (let row = 0; row < n * chains; row++) {
    const i = Math.floor(row / chains);
    copies.set(pixels.subarray(i * size, (i + 1) * size), row * size);
  }
  const each = keys.flatMap((key) =>
    Array.from({ length: chains }, (_, chain) => ({
      ...key,
      purpose: `${key.purpose}/purify/chain-${chain}`,
    })),
  );
  const state: SgldState = { n: n * chains, pixels: copies, keys: each };
  addNoise(state, inputNoise, by.info.inputScale);
  return state;
}

/**
 * Where a visit draws its noise. With a fixed seed that of an example is the same at every visit: whatever the key is for,
 * and whichever restart, step or draw it belongs to.
 */
export const keysOfVisit = (keys: readonly StreamKey[], seed: PurifyOptions['seed']): readonly StreamKey[] =>
  seed === 'fixed'
    ? keys.map(({ seed, example }) => ({ seed, example, purpose: 'purification/fixed' }))
    : keys;

/** The sum over chains by `divisor`, in double precision: (n * chains, width) to (n, width). */
export function overChains(values: Float32Array, n: number, chains: number, divisor: number): Float32Array {
  const width = values.length / Math.max(1, n * chains);
  const out = new Float32Array(n * width);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < width; j++) {
      let total = 0;
      for (let chain = 0; chain < chains; chain++) total += values[(i * chains + chain) * width + j]!;
      out[i * width + j] = total / divisor;
    }
  }
  return out;
}
