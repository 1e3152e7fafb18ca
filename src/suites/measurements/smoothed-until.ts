import { parseEpsilon } from '../../attacks/epsilon.js';
import { type Certainty, certaintyOf, isSettled, type Settling } from '../../metrics/randomised-smoothing.js';
import type { SystemInfo } from '../../models/system.js';
import { int32, type RowsIn } from '../columns.js';
import { defineMeasurement, type MeasureContext, type Request, request } from '../contract.js';
import { type NoisyDraw, noisyClasses } from './noisy-classes.js';
import type { SmoothedCountsParams } from './smoothed-counts.js';

export interface SmoothedUntilParams extends SmoothedCountsParams {
  /** The chance that what is said of an image is wrong, at most. */
  alpha: number;
  /** Radii in L2, as written: draws end when it is known for each whether it is certified; */
  radii?: readonly string[];
  /** or when the radius is known to within this. */
  within?: string;
}

const columns = ({ classes }: SystemInfo) => ({
  selection: int32(classes.length),
  estimation: int32(classes.length),
});

/** Rows of `smoothed-until`. */
export type SmoothedUntilRows = RowsIn<ReturnType<typeof columns>>;

/** Draws before the first look, and how much further each next look lies. */
const [FIRST_LOOK, FURTHER] = [8, 1.25];

/**
 * The classes of images under Gaussian noise, as those of `smoothed-counts` and from the same draws, but no more of them than an
 * image needs: what its radius can be is a confidence sequence, so that one may look at any time and stop (`certaintyOf`). Looks
 * lie at fixed numbers of draws, each a quarter further than the last. Rows (n, classes): how many draws gave each class,
 * `selection` of the first n0, `estimation` of up to n others.
 */
export const smoothedUntil = defineMeasurement({
  name: 'smoothed-until',
  version: 1,
  needs: ['logits'],
  unitSize: 32,
  endsEarly: true,
  passes: ({ n0, n }: SmoothedUntilParams) => ({ forward: n0 + n, gradient: 0 }),
  columns,
  async measure(context: MeasureContext, params: SmoothedUntilParams) {
    const { system, examples, outlook } = context;
    const { n: most, n0, alpha } = params;
    const width = system.info.classes.length;
    const sigma = parseEpsilon(params.sigma, 'sigma').value;
    const selection = new Int32Array(examples.n * width);
    const estimation = new Int32Array(examples.n * width);
    const settling: Settling = {
      radii: (params.radii ?? []).map((text) => (Number(text) === 0 ? 0 : parseEpsilon(text, 'radii').value)),
      ...(params.within !== undefined && { within: parseEpsilon(params.within, 'stop').value }),
    };
    const known = (image: number): Certainty => {
      const own = (counts: Int32Array) => counts.subarray(image * width, (image + 1) * width);
      return certaintyOf(own(selection), own(estimation), { sigma, alpha });
    };
    const take = ({ image, purpose }: NoisyDraw, given: number) => {
      (purpose === 'smoothing/selection' ? selection : estimation)[image * width + given]!++;
    };
    outlook?.begin(examples.n);
    const all = Array.from({ length: examples.n }, (_, image) => image);
    const drawn = (images: readonly number[], from: number, to: number, purpose: NoisyDraw['purpose']) =>
      noisyClasses(
        context,
        sigma,
        images.length * (to - from),
        (at) => ({
          image: images[Math.floor(at / (to - from))]!,
          purpose,
          draw: from + (at % (to - from)),
        }),
        take,
      );
    await drawn(all, 0, n0, 'smoothing/selection');
    let left = all;
    for (let seen = 0; seen < most && left.length > 0; ) {
      const next = Math.min(most, Math.max(FIRST_LOOK, Math.ceil(FURTHER * seen)));
      await drawn(left, seen, next, 'smoothing/estimation');
      const open = left.filter((image) => !isSettled(known(image), settling));
      outlook?.spare({ forward: (left.length - open.length) * (most - next), gradient: 0 });
      [left, seen] = [open, next];
    }
    return { selection, estimation };
  },
});

/** Classes under noise, of a data set, as far as they are needed. */
export const smoothedUntilRequest = (
  system: string,
  dataset: string,
  params: SmoothedUntilParams,
  first?: number,
): Request<SmoothedUntilRows> =>
  request({ measurement: smoothedUntil, system, dataset, params, ...(first && { first }) });
