import { forRanges } from '../../concurrency.js';
import { argmaxOf } from '../../metrics/softmax.js';
import { imageSize } from '../../models/batching.js';
import { type StreamKey, stream } from '../../random/stream.js';
import type { MeasureContext } from '../contract.js';
import { offered } from './clean.js';

/** One draw of noise for one image: its position among the examples, and which draw for what. */
export interface NoisyDraw {
  image: number;
  purpose: 'smoothing/selection' | 'smoothing/estimation';
  draw: number;
}

/**
 * The classes that a system gives to images under Gaussian noise (Cohen et al. 2019, SampleUnderNoise), which are not clipped to
 * [0, 1]. Draws of all images go in one row, so that only the last batch is not full; what each is depends on the run's seed,
 * the image and its number alone. A stochastic system draws anew for every draw of noise, so that its answers are independent.
 * @param of draw number `at` of `count` @param sigma in units of pixels in [0, 1]
 * @param take is told the class of each, in any order
 */
export async function noisyClasses(
  { system, examples, seed, signal }: Pick<MeasureContext, 'system' | 'examples' | 'seed' | 'signal'>,
  sigma: number,
  count: number,
  of: (at: number) => NoisyDraw,
  take: (draw: NoisyDraw, given: number) => void,
): Promise<void> {
  const { name, classes, stochastic } = system.info;
  const size = imageSize(system.info);
  const noise = new Float64Array(size);
  const lanes = { step: system.batchSize, lanes: system.concurrency, signal };
  await forRanges(count, lanes, async (start, end) => {
    const part = Array.from({ length: end - start }, (_, row) => of(start + row));
    const keys = part.map(({ image, purpose, draw }): StreamKey => {
      return { seed, purpose, example: examples.indices[image]!, step: draw };
    });
    const pixels = new Float32Array(part.length * size);
    for (const [row, { image }] of part.entries()) {
      stream(keys[row]!).normals(noise);
      for (let p = 0; p < size; p++)
        pixels[row * size + p] = examples.pixels[image * size + p]! + sigma * noise[p]!;
    }
    const own = keys.map((key) => ({ ...key, purpose: `${key.purpose}/system` }));
    const { logits } = await system.forward({ n: part.length, pixels, ...(stochastic && { keys: own }) });
    const width = classes.length;
    const found = offered(logits, part.length * width, 'logits', name);
    for (const [row, draw] of part.entries())
      take(draw, argmaxOf(found.subarray(row * width, (row + 1) * width)));
  });
}
