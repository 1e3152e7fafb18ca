import { AssayError } from '../errors.js';
import { NotFinite } from '../models/finite.js';
import type { System } from '../models/system.js';
import { ReplayBuffer } from './replay-buffer.js';
import { type SgldOptions, sgld } from './sgld.js';

export interface PersistentOptions extends SgldOptions {
  capacity: number;
  rounds: number;
  batch: number;
  reinit: number;
  /** Of every round. */
  steps: number;
  /** Numbers of an image. */
  size: number;
  seed: number;
  signal?: AbortSignal;
}

export interface PersistentChains {
  /** (capacity, size) */
  pixels: Float32Array;
  /** (capacity): rounds since the place was last filled with noise; 0 of one that was never drawn. */
  moved: Int32Array;
}

/**
 * The buffer as JEM's evaluation fills it (eval_wrn_ebm.py, `uncond_samples`): of uniform noise at first; every round
 * draws some with replacement, of which each starts anew with probability `reinit`, moves them, and puts them back.
 * Errors: those of `sgld`; `model-invalid` when a chain leaves where the network has numbers, since all that comes after
 * would hang on what is put in its place.
 */
export async function persistentChains(
  system: System,
  { capacity, rounds, batch, reinit, size, seed, signal, ...chain }: PersistentOptions,
): Promise<PersistentChains> {
  const buffer = new ReplayBuffer({ capacity, size, reinit, seed });
  const moved = new Int32Array(capacity);
  for (let round = 0; round < rounds; round++) {
    const { pixels, slots, fresh } = buffer.draw(batch, round);
    const keys = Array.from(slots, (_, example) => ({
      seed,
      purpose: 'samples/persistent',
      example,
      step: round,
    }));
    try {
      await sgld(system, { n: batch, pixels, keys }, { ...chain, ...(signal && { signal }) });
    } catch (error) {
      if (!(error instanceof NotFinite)) throw error;
      throw new AssayError('model-invalid', error.message, { ...error.details, path: `round ${round}` });
    }
    buffer.store(slots, pixels);
    // Of a place that was drawn twice the later chain stays.
    const before = moved.slice();
    slots.forEach((slot, row) => {
      moved[slot] = fresh[row] ? 1 : before[slot]! + 1;
    });
  }
  return { pixels: buffer.pixels, moved };
}
