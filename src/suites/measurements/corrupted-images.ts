import { createHash } from 'node:crypto';
import { corrupted, drawsFor } from '../../data/corruptions/corrupted.js';
import type { AnyCorruption, ParameterSet, Severity } from '../../data/corruptions/corruption.js';
import type { Examples } from '../../data/dataset.js';
import { stream } from '../../random/stream.js';

/*
 * Corrupted images are the same for every model, and making them takes longer than a small network takes to look at them.
 * The last ones are kept, told by what they were made of, as the 8 bits that they were cut down to: for the next model they
 * are not made anew. What is kept for one corruption is never taken for another of the same name.
 */

/** 10,000 images of 32x32 in colour, and some. */
const MOST_BYTES = 40 * 2 ** 20;

/** A corruption as it is measured. What decides its images is in here: a corruption whose `version` is raised is measured anew. */
export interface CorruptedParams {
  corruption: string;
  version: number;
  severity: Severity;
  parameters: ParameterSet;
}

const LEVELS = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);

interface Kept {
  row: AnyCorruption;
  bytes: Uint8Array;
}

/** Those that were used last come last. */
const kept = new Map<string, Kept>();

/**
 * The corrupted images of some examples, (n, C, H, W) in [0, 1], in steps of 1/255.
 * @param shape (C, H, W)
 */
export function corruptedImages(
  { indices, pixels }: Pick<Examples, 'indices' | 'pixels'>,
  row: AnyCorruption,
  params: CorruptedParams,
  { seed, shape }: { seed: number; shape: readonly [number, number, number] },
): Float32Array {
  const key = keyOf([params, seed, shape], indices, pixels);
  const found = kept.get(key);
  const bytes = found?.row === row ? found.bytes : make();
  keep(key, { row, bytes });
  const images = new Float32Array(bytes.length);
  for (let p = 0; p < images.length; p++) images[p] = LEVELS[bytes[p]!]!;
  return images;

  function make(): Uint8Array {
    const size = shape[0] * shape[1] * shape[2];
    const made = new Uint8Array(pixels.length);
    for (const [i, example] of indices.entries()) {
      const draws = stream({ seed, purpose: `corrupt/${drawsFor(row, params)}`, example });
      const image = corrupted(row, pixels.subarray(i * size, (i + 1) * size), shape, params, draws);
      for (let p = 0; p < size; p++) made[i * size + p] = Math.round(255 * image[p]!);
    }
    return made;
  }
}

function keyOf(about: readonly unknown[], indices: Int32Array, pixels: Float32Array): string {
  const hash = createHash('sha256').update(JSON.stringify(about)).update(`/${indices.length}/`);
  for (const { buffer, byteOffset, byteLength } of [indices, pixels])
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest('hex');
}

function keep(key: string, one: Kept): void {
  kept.delete(key);
  kept.set(key, one);
  let total = [...kept.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
  for (const [oldest, { bytes }] of kept) {
    if (total <= MOST_BYTES) break;
    kept.delete(oldest);
    total -= bytes.length;
  }
}
