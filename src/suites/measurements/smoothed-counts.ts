import { parseEpsilon } from '../../attacks/epsilon.js';
import type { SystemInfo } from '../../models/system.js';
import { int32, type RowsIn } from '../columns.js';
import { defineMeasurement, type MeasureContext, type Request, request } from '../contract.js';
import { noisyClasses } from './noisy-classes.js';

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
  async measure(context: MeasureContext, params: SmoothedCountsParams) {
    const { system, examples } = context;
    const width = system.info.classes.length;
    const { value: sigma } = parseEpsilon(params.sigma, 'sigma');
    const draws = params.n0 + params.n;
    const selection = new Int32Array(examples.n * width);
    const estimation = new Int32Array(examples.n * width);
    await noisyClasses(
      context,
      sigma,
      examples.n * draws,
      (at) => {
        const [image, draw] = [Math.floor(at / draws), at % draws];
        return draw < params.n0
          ? { image, purpose: 'smoothing/selection', draw }
          : { image, purpose: 'smoothing/estimation', draw: draw - params.n0 };
      },
      ({ image, purpose }, given) => {
        (purpose === 'smoothing/selection' ? selection : estimation)[image * width + given]!++;
      },
    );
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
