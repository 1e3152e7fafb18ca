import { readCheckpoint } from '../checkpoints/registry.js';
import { AssayError } from '../errors.js';
import { contractOf, type Normalisation } from '../models/contract.js';
import type { OpenOptions } from '../models/open.js';
import { readCard } from '../models/read-card.js';

/** Persistent chains that training left in a checkpoint. */
export interface StoredChains {
  n: number;
  /** (C, H, W) */
  shape: readonly number[];
  /**
   * (n, C, H, W), as pixels: the card's range, or mean and std, are undone. Chains without a box may have left
   * [0, 1]; they are not clipped.
   */
  pixels: Float32Array;
}

/**
 * The replay buffer of a model's checkpoint; undefined when it has none.
 * @param source a card's file, or a card
 * Errors: as reading the card and the checkpoint; `shape-mismatch` when the buffer holds images of another shape.
 */
export async function readStoredChains(
  source: string | object,
  options: OpenOptions = {},
): Promise<StoredChains | undefined> {
  const { card, file, checkpoint } = await readCard(source, options);
  const { shape, normalisation } = contractOf(card, file);
  const place = file ?? `model card "${card.name}"`;
  const request = { architecture: card.architecture, shape, card: place };
  const buffer = (await readCheckpoint(checkpoint, card.format, request)).built?.replayBuffer;
  if (!buffer) return undefined;
  const [n, ...image] = buffer.dims;
  if (image.join() !== shape.join())
    throw new AssayError('shape-mismatch', 'the replay buffer holds images of another shape', {
      file: place,
      path: 'input.shape',
      expected: `[${image.join(', ')}], as in the buffer of ${checkpoint}`,
      found: `[${shape.join(', ')}]`,
      hint: 'correct input.shape',
    });
  return { n, shape, pixels: asPixels(await buffer.read(), shape, normalisation) };
}

/** What `emitImageInput` does to pixels, undone. */
function asPixels(
  images: Float32Array,
  shape: readonly number[],
  normalisation: Normalisation,
): Float32Array {
  if (normalisation.kind === 'identity') return images;
  if (normalisation.kind === 'range') {
    const { scale, shift } = normalisation;
    return images.map((v) => (v - shift) / scale);
  }
  const { mean, std } = normalisation;
  const plane = shape[1] * shape[2];
  return images.map((v, i) => {
    const c = Math.floor(i / plane) % shape[0];
    return v * std[c] + mean[c];
  });
}
