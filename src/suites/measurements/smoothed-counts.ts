import { parseEpsilon } from '../../attacks/epsilon.js';
import { forRanges } from '../../concurrency.js';
import { argmaxOf } from '../../metrics/softmax.js';
import { imageSize } from '../../models/batching.js';
import type { SystemInfo } from '../../models/system.js';
import { type StreamKey, stream } from '../../random/stream.js';
import { int32, type RowsIn } from '../columns.js';
import { defineMeasurement, type MeasureContext, type Request, request } from '../contract.js';
import { offered } from './clean.js';

export interface SmoothedCountsParams {
  /** Standard deviation of the noise, in units of pixels in [0, 1], as written. */
  sigma: string;
  /** Draws that choose a class. */
  n0: number;
  /** Draws that its probability is estimated from. */
  n: number;
}

const columns = ({ classes }: SystemInfo) => ({
  selection: int32(classes.length),
  estimation: int32(classes.length),
});

/** Rows of `smoothed-counts`. */
export type SmoothedCountsRows = RowsIn<ReturnType<typeof columns>>;

/**
 * What a classifier says of each image under Gaussian noise (Cohen et al. 2019, SampleUnderNoise): noisy images are not clipped
 * to [0, 1]. Rows (n, classes): how many draws gave each class, `selection` of the first n0, `estimation` of the other n. A
 * stochastic system draws anew for every draw of noise, so that its answers are independent too.
 */
export const smoothedCounts = defineMeasurement({
  name: 'smoothed-counts',
  version: 1,
  needs: ['logits'],
  // At 100,000 draws of an image a unit is minutes of a ResNet as it is.
  unitSize: 8,
  passes: ({ n0, n }: SmoothedCountsParams) => ({ forward: n0 + n, gradient: 0 }),
  columns,
  async measure({ system, examples, seed, signal }: MeasureContext, params: SmoothedCountsParams) {
    const { name, classes, stochastic } = system.info;
    const width = classes.length;
    const size = imageSize(system.info);
    const { value: sigma } = parseEpsilon(params.sigma, 'sigma');
    const draws = params.n0 + params.n;
    const selection = new Int32Array(examples.n * width);
    const estimation = new Int32Array(examples.n * width);
    const noise = new Float64Array(size);
    const keyOf = (at: number): { i: number; chooses: boolean; key: StreamKey } => {
      const [i, draw] = [Math.floor(at / draws), at % draws];
      const chooses = draw < params.n0;
      const [purpose, step] = chooses
        ? ['smoothing/selection', draw]
        : ['smoothing/estimation', draw - params.n0];
      return { i, chooses, key: { seed, purpose, example: examples.indices[i], step } };
    };
    // Draws of all images in one row, so that only the last batch of a unit is not full.
    const lanes = { step: system.batchSize, lanes: system.concurrency, signal };
    await forRanges(examples.n * draws, lanes, async (start, end) => {
      const part = Array.from({ length: end - start }, (_, row) => keyOf(start + row));
      const pixels = new Float32Array(part.length * size);
      for (const [row, { i, key }] of part.entries()) {
        stream(key).normals(noise);
        for (let p = 0; p < size; p++)
          pixels[row * size + p] = examples.pixels[i * size + p] + sigma * noise[p];
      }
      const keys = part.map(({ key }) => ({ ...key, purpose: `${key.purpose}/system` }));
      const { logits } = await system.forward({ n: part.length, pixels, ...(stochastic && { keys }) });
      const rows = offered(logits, part.length * width, 'logits', name);
      for (const [row, { i, chooses }] of part.entries()) {
        const given = argmaxOf(rows.subarray(row * width, (row + 1) * width));
        (chooses ? selection : estimation)[i * width + given]++;
      }
    });
    return { selection, estimation };
  },
});

/** Classes under noise, of a data set. */
export const smoothedCountsRequest = (
  system: string,
  dataset: string,
  params: SmoothedCountsParams,
  first?: number,
): Request<SmoothedCountsRows> =>
  request({ measurement: smoothedCounts, system, dataset, params, ...(first && { first }) });
