import { length1, transposedTimes } from '../metrics/linear-algebra/matrix.js';
import { nearestCentre, whitenedClasses } from './class-distances.js';
import { classScatter } from './class-scatter.js';
import { featureError, perFeatureRow } from './feature-rows.js';
import { type Score, type ScoreInputs, statisticsOf } from './score.js';

const fitted = (inputs: ScoreInputs) => statisticsOf(inputs, 'whitening', 'centres');

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
    statistics: async (parts, of) => whitenedClasses(await classScatter(parts, of), of),
  },
  compute(inputs) {
    const { whitening, centres } = fitted(inputs);
    return perFeatureRow(inputs, (h) => -nearestCentre(h, whitening, centres).square);
  },
  // To first order: 2 |W'z|_1 times what one feature may be off.
  rounding(inputs) {
    const { whitening, centres } = fitted(inputs);
    return perFeatureRow(inputs, (h) => {
      const { z, square } = nearestCentre(h, whitening, centres);
      return 2 * featureError(h) * length1(transposedTimes(whitening, z)) + 2 ** -52 * square;
    });
  },
};
