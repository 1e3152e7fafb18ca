import { type BoundPrograms, ITERATIONS } from '../../bounds/certify.js';
import { ballsAround, marginRows } from '../../bounds/margins.js';
import { AssayError } from '../../errors.js';
import { imageSize, inChunks } from '../batching.js';
import type { Batch, BoundQuestion, MarginBounds, SystemInfo } from '../system.js';

/** Forward passes that intervals (centres and radii) and magnitudes take. */
const FORWARD = 3;

/** Gradient passes that a margin takes: a walk back each; a step up is a walk, and its gradient another pass. */
export const walksOf = ({
  method,
  iterations = ITERATIONS,
}: Pick<BoundQuestion, 'method' | 'iterations'>): number =>
  method === 'alpha-crown' ? 2 + 2 * iterations : 1;

/**
 * Lower bounds of the margins of a batch's labels. So many images are bounded at once that their margins fill a batch.
 * Errors: `data-invalid` without labels, or for one that is no class.
 */
export async function marginBounds(
  bounds: BoundPrograms,
  { info, batchSize, concurrency }: { info: SystemInfo; batchSize: number; concurrency: number },
  { n, pixels, labels }: Batch,
  { epsilon, norm = 'Linf', method, iterations = ITERATIONS }: BoundQuestion,
): Promise<MarginBounds> {
  const classes = info.classes.length;
  if (!labels) throw new AssayError('data-invalid', 'bounds of margins need labels');
  const others = classes - 1;
  const size = imageSize(info);
  const margin = new Float64Array(n).fill(Number.POSITIVE_INFINITY);
  const rounding = new Float64Array(n);
  // The walks of intervals end at the last layers, whose values are few.
  const together = method === 'ibp' ? 1 : Math.max(1, others);
  const images = Math.max(1, Math.floor(batchSize / together));
  await inChunks(n, { batchSize: images, fixed: undefined, concurrency }, async (start, end) => {
    const own = pixels.subarray(start * size, end * size);
    const memory = (length: number) =>
      new Float32Array(bounds.spare.take(length * Float32Array.BYTES_PER_ELEMENT), 0, length);
    const balls = ballsAround(end - start, own, epsilon, norm, memory);
    const rows = marginRows(labels.subarray(start, end), classes);
    const lower = await bounds.lowerBounds(balls, rows, others, method, iterations);
    bounds.spare.give([balls.lower, balls.upper].map(({ buffer }) => buffer as ArrayBuffer));
    for (let i = 0; i < (end - start) * others; i++) {
      const image = start + Math.floor(i / others);
      const least = lower.bound[i]! - lower.rounding[i]!;
      if (least < margin[image]!) {
        margin[image] = least;
        rounding[image] = lower.rounding[i]!;
      }
    }
  });
  return {
    margin,
    rounding,
    passes: { forward: FORWARD * n, gradient: walksOf({ method, iterations }) * others * n },
  };
}
