import type { StoredImages } from '../../architectures/weights.js';
import { AssayError } from '../../errors.js';
import type { Contract, Normalisation } from '../card/contract.js';

/**
 * Images of chains that a checkpoint keeps in units of the network's input, as pixels (n, C, H, W): the card's range, or
 * mean and std, are undone. Chains without a box may have left [0, 1]; they are not clipped.
 * Errors: as reading the checkpoint; `shape-mismatch` when they are of another shape than the card's.
 */
export async function chainPixels(
  { dims, read }: StoredImages,
  { shape, normalisation, file, name }: Contract,
  checkpoint: string,
): Promise<Float32Array> {
  const [, ...image] = dims;
  if (image.join() === shape.join()) return asPixels(await read(), shape, normalisation);
  throw new AssayError('shape-mismatch', 'the replay buffer holds images of another shape', {
    file: file ?? `model card "${name}"`,
    path: 'input.shape',
    expected: `[${image.join(', ')}], as in the buffer of ${checkpoint}`,
    found: `[${shape.join(', ')}]`,
    hint: 'correct input.shape, if the network is meant for such images; else leave the buffer out: `buffer: 0` in the suites `samples` and `energy`',
  });
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
  const plane = shape[1]! * shape[2]!;
  return images.map((v, i) => {
    const c = Math.floor(i / plane) % shape[0]!;
    return v * std[c]! + mean[c]!;
  });
}
