import { AssayError } from '../errors.js';
import { times } from '../metrics/linear-algebra/matrix.js';
import type { ClassScatter } from './class-scatter.js';
import { factorised } from './factorised.js';
import type { FitSite } from './score.js';

/**
 * The whitening by the covariance around class means, and these means, whitened: the statistics of scores of distances to
 * classes. Errors: `data-invalid` where nothing varies.
 */
export async function whitenedClasses(
  { means, covariance, n }: ClassScatter,
  { width, classes, signal }: Pick<FitSite, 'width' | 'classes' | 'signal'>,
): Promise<{ whitening: Float64Array; centres: Float64Array }> {
  const { matrix, rank } = await factorised('whitening', covariance, width, signal);
  if (rank === 0)
    throw new AssayError(
      'data-invalid',
      'the features of each class are all alike: they have no covariance',
      {
        found: `${n} images of ${classes} classes`,
        hint: 'give the data set with `role: train` more images, or leave the score out',
      },
    );
  const centres = new Float64Array(means.length);
  for (let c = 0; c < classes; c++)
    centres.set(times(matrix, means.subarray(c * width, (c + 1) * width)), c * width);
  return { whitening: matrix, centres };
}

type Numbers = Float64Array | Float32Array;

/** Of one image: the nearest of the centres. */
export interface Nearest {
  /** From it to the image, whitened; and the squared length of that. */
  z: Float64Array;
  square: number;
}

export function nearestCentre(h: Float64Array, whitening: Numbers, centres: Numbers): Nearest {
  const width = h.length;
  const x = times(whitening, h);
  let [best, square] = [0, Number.POSITIVE_INFINITY];
  for (let c = 0; c < centres.length; c += width) {
    let sum = 0;
    for (let j = 0; j < width; j++) sum += (x[j]! - centres[c + j]!) ** 2;
    // NaN is not smaller than anything: it must come through.
    if (!(sum >= square)) [best, square] = [c, sum];
  }
  return { z: x.map((v, j) => v - centres[best + j]!), square };
}
