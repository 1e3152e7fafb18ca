import { AssayError } from '../errors.js';
import { whiten } from '../metrics/whitening.js';
import { classScatter } from './class-scatter.js';
import { LOGIT_ROUNDING } from './rounding.js';
import { required, type Score, type ScoreInputs } from './score.js';

/**
 * Minus the squared distance of the features to the nearest class mean, in the metric of the covariance that all
 * classes share: features are whitened, W (h - m_c), where it is the Euclidean one.
 */
export const mahalanobis: Score = {
  id: 'mahalanobis',
  title: 'Mahalanobis',
  label: '-min_c d(features, mean of class c)^2, tied covariance',
  source: 'Lee et al. 2018',
  needs: ['features'],
  fit: {
    role: 'train',
    shapes: ({ width, classes }) => ({ whitening: [width, width], centres: [classes, width] }),
    async statistics(parts, of) {
      const { means, covariance, n } = await classScatter(parts, of);
      const { matrix, rank } = whiten(covariance, of.width);
      if (rank === 0)
        throw new AssayError(
          'data-invalid',
          'the features of each class are all alike: they have no covariance',
          {
            found: `${n} images of ${of.classes} classes`,
            hint: 'give the data set with `role: train` more images, or leave the score out',
          },
        );
      const centres = new Float64Array(means.length);
      for (let c = 0; c < of.classes; c++)
        centres.set(times(matrix, means.subarray(c * of.width, (c + 1) * of.width)), c * of.width);
      return { whitening: matrix, centres };
    },
  },
  compute: (inputs) => Float64Array.from(nearest(inputs), ({ square }) => -square),
  // To first order: 2 |W'z|_1 times what one feature may be off.
  rounding: (inputs) => {
    const { whitening, width } = fitted(inputs);
    return Float64Array.from(nearest(inputs), ({ z, largest, square }) => {
      let sum = 0;
      for (let j = 0; j < width; j++) {
        let slope = 0;
        for (let k = 0; k < width; k++) slope += whitening[k * width + j] * z[k];
        sum += Math.abs(slope);
      }
      return 2 * LOGIT_ROUNDING * largest * sum + 2 ** -52 * square;
    });
  },
};

function fitted({ features, statistics }: ScoreInputs) {
  const { data, n, width } = required(features, 'features');
  const { whitening, centres } = required(statistics, 'statistics of training images');
  return { data, n, width, whitening, centres };
}

interface Nearest {
  /** Whitened, from the nearest mean; and its squared length. */
  z: Float64Array;
  square: number;
  /** The largest feature. */
  largest: number;
}

function nearest(inputs: ScoreInputs): Nearest[] {
  const { data, n, width, whitening, centres } = fitted(inputs);
  const h = new Float64Array(width);
  return Array.from({ length: n }, (_, i) => {
    for (let j = 0; j < width; j++) h[j] = data[i * width + j];
    const x = times(whitening, h);
    let [best, square] = [0, Number.POSITIVE_INFINITY];
    for (let c = 0; c < centres.length; c += width) {
      let sum = 0;
      for (let j = 0; j < width; j++) sum += (x[j] - centres[c + j]) ** 2;
      // NaN is not smaller than anything: it must come through.
      if (!(sum >= square)) [best, square] = [c, sum];
    }
    const largest = h.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    return { z: x.map((v, j) => v - centres[best + j]), square, largest };
  });
}

/** A square matrix times a vector. */
function times(matrix: Float64Array | Float32Array, x: Float64Array): Float64Array {
  const size = x.length;
  return Float64Array.from({ length: size }, (_, k) => {
    let sum = 0;
    for (let j = 0; j < size; j++) sum += matrix[k * size + j] * x[j];
    return sum;
  });
}
