import { parseEpsilon } from '../../attacks/epsilon.js';
import type { BallNorm } from '../../bounds/margins.js';
import { AssayError, inOneLine } from '../../errors.js';
import { walksOf } from '../../models/programs/margin-bounds.js';
import type { BoundQuestion, SystemInfo } from '../../models/system.js';
import { float64, type RowsIn } from '../columns.js';
import { defineMeasurement, type MeasureContext, type Request, request } from '../contract.js';
import { Refused } from '../refused.js';
import { type BoundsLookRows, boundsLookRequest, LOOK } from './bounds-look.js';

export interface CertifiedParams {
  method: BoundQuestion['method'];
  norm: BallNorm;
  /** As written, such as `8/255`. */
  epsilon: string;
  /** The smallest radius at which the same is asked: a first look there says whether there is hope at any. */
  smallest: string;
  /** Steps up, of `alpha-crown`. */
  iterations?: number;
}

const columns = () => ({ margin: float64(), rounding: float64() });

/** Rows of `certified`. */
export type CertifiedRows = RowsIn<ReturnType<typeof columns>>;

/** Batches at a time, so that progress shows and signals are heard. */
const AT_ONCE = 16;

const passesOf = (params: CertifiedParams, { classes }: Pick<SystemInfo, 'classes'>) => ({
  forward: 3,
  gradient: walksOf(params) * Math.max(0, classes.length - 1),
});

/**
 * What the margin of the label is at least over a ball (IBP: Gowal et al. 2018; CROWN: Zhang et al. 2018). Rows: `margin` (n),
 * the least of the lower bounds of f_y - f_j over the other classes j, less what rounding may take: where it is above 0, no image
 * of the ball is misclassified; `rounding` (n), what was taken. An image that is misclassified has a margin of at most 0. Both are
 * NaN where the first look (`bounds-look`) found no hope, and nothing was bounded.
 */
export const certified = defineMeasurement({
  name: 'certified',
  version: 5,
  needs: ['logits', 'marginBounds'],
  unitSize: 64,
  endsEarly: true,
  passes: passesOf,
  columns,
  async measure(
    { system, examples, reference: [look], signal, outlook }: MeasureContext<[], [BoundsLookRows]>,
    params: CertifiedParams,
  ) {
    const { n, labels, pixels } = examples;
    const { method, norm, epsilon, iterations } = params;
    // The same for all methods and radii: it is listed once.
    const what = 'a lower bound of the margin';
    if (!labels)
      throw new AssayError('suite-failed', 'what is certified needs labels', {
        hint: 'request it on a labelled data set',
      });
    if (!system.marginBounds) throw new Refused({ what, reason: 'its system computes no bounds of margins' });
    const margin = new Float64Array(n).fill(Number.NaN);
    const rounding = new Float64Array(n).fill(Number.NaN);
    if (look.outcome.data[0] === LOOK.hopeless) {
      const { forward, gradient } = passesOf(params, system.info);
      outlook?.begin(n);
      outlook?.spare({ forward: n * forward, gradient: n * gradient });
      return { margin, rounding };
    }
    const size = pixels.length / n;
    for (let start = 0; start < n; start += AT_ONCE) {
      signal.throwIfAborted();
      const end = Math.min(n, start + AT_ONCE);
      outlook?.begin(end - start);
      const batch = {
        n: end - start,
        pixels: pixels.subarray(start * size, end * size),
        labels: labels.subarray(start, end),
      };
      const question = {
        epsilon: parseEpsilon(epsilon).value,
        norm,
        method,
        ...(iterations && { iterations }),
      };
      const bounds = await system.marginBounds(batch, question).catch((error) => {
        if (error instanceof AssayError && error.code === 'op-unsupported')
          throw new Refused({ what, reason: inOneLine(error) });
        throw error;
      });
      margin.set(bounds.margin, start);
      rounding.set(bounds.rounding, start);
    }
    return { margin, rounding };
  },
});

/** Bounds of the margins of a labelled data set. */
export const certifiedRequest = (
  system: string,
  dataset: string,
  params: CertifiedParams,
  first?: number,
): Request<CertifiedRows> => {
  const { method, norm, smallest } = params;
  const look = boundsLookRequest(system, dataset, { method, norm, epsilon: smallest });
  return request({
    measurement: certified,
    system,
    dataset,
    params,
    reference: [look],
    ...(first && { first }),
  });
};
