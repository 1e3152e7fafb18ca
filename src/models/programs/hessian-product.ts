import { floatsOf } from '../../engines/outputs.js';
import { AssayError } from '../../errors.js';
import type { Loss } from '../../losses/loss.js';
import { checkPixels, imageSize, inChunks, rowsOf } from '../batching.js';
import { firstNotFinite, refuseNotFinite } from '../finite.js';
import { type Prepared, pixelValue } from '../graph/prepare.js';
import type { Batch, HessianProducts, SystemInfo } from '../system.js';
import type { HessianProgram } from './hessian-program.js';
import { lossArgumentRows, lossFeeds } from './loss-feeds.js';

/** What runs products of a model. */
export interface HessianRunner {
  info: SystemInfo;
  prepared: Prepared;
  batchSize: number;
  concurrency: number;
}

/**
 * Errors: `shape-mismatch`; `data-invalid` for what the loss is about, and for a direction that is not finite;
 * `model-invalid` when a product is NaN or infinite, naming the example.
 */
export async function hessianProduct(
  { info, prepared, batchSize, concurrency }: HessianRunner,
  { program, aims, direction: name, product: output }: HessianProgram,
  loss: Loss,
  batch: Batch,
  direction: Float32Array,
): Promise<HessianProducts> {
  checkPixels(batch, info);
  checkDirection(direction, batch, info);
  const { n, pixels } = batch;
  const size = imageSize(info);
  const rows = lossArgumentRows(loss, n, batch, info);
  const product = new Float32Array(n * size);
  const fixed = prepared.fixedBatch;
  await inChunks(n, { batchSize, fixed, concurrency }, async (start, end) => {
    const images = (values: Float32Array) => {
      const part = rowsOf(values, start, end, size, fixed);
      return pixelValue(part, part.length / size, info.shape);
    };
    const feeds = {
      [prepared.pixels]: images(pixels),
      [name]: images(direction),
      ...lossFeeds(aims, rows, { start, end, fixed }, info),
    };
    const products = floatsOf(await program.run(feeds, [output]), output);
    product.set(products.subarray(0, (end - start) * size), start * size);
  });
  refuseNotFinite(info.name, `a Hessian-vector product of ${loss.name}`, product, size, batch);
  return { product, passes: { forward: 0, gradient: 2 * n } };
}

function checkDirection(direction: Float32Array, { n }: Batch, info: SystemInfo): void {
  const size = imageSize(info);
  if (direction.length !== n * size)
    throw new AssayError('shape-mismatch', `a direction does not fit the images of "${info.name}"`, {
      expected: `${n} x [${info.shape.join(', ')}] = ${n * size} numbers`,
      found: `${direction.length}`,
    });
  const at = firstNotFinite(direction);
  if (at >= 0)
    throw new AssayError('data-invalid', 'the direction of a Hessian-vector product is not finite', {
      path: `image ${Math.floor(at / size)} of the batch`,
      found: String(direction[at]),
    });
}
