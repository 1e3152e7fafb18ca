import { readCheckpoint } from '../checkpoints/registry.js';
import { contractOf } from '../models/card/contract.js';
import { readCard } from '../models/card/read-card.js';
import { chainPixels } from '../models/graph/chain-pixels.js';
import type { OpenOptions } from '../models/open.js';

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
  const contract = contractOf(card, file);
  const place = file ?? `model card "${card.name}"`;
  const request = { architecture: card.architecture, shape: contract.shape, card: place };
  const buffer = (await readCheckpoint(checkpoint, card.format, request)).built?.replayBuffer;
  if (!buffer) return undefined;
  const pixels = await chainPixels(buffer, contract, checkpoint);
  return { n: buffer.dims[0]!, shape: contract.shape, pixels };
}
