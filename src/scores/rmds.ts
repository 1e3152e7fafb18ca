import { length1, times, transposedTimes } from '../metrics/linear-algebra/matrix.js';
import { nearestCentre, whitenedClasses } from './class-distances.js';
import { classScatter, totalScatter } from './class-scatter.js';
import { factorised } from './factorised.js';
import { featureRounding, perFeatureRow } from './feature-rows.js';
import { type Score, type ScoreInputs, statisticsOf } from './score.js';

/** The distances of one image: to the nearest class, and to all images together; both whitened. */
function distancesOf(inputs: ScoreInputs) {
  const { whitening, centres, background, centre } = statisticsOf(
    inputs,
    'whitening',
    'centres',
    'background',
    'centre',
  );
  return (h: Float64Array) => ({
    near: nearestCentre(h, whitening, centres),
    all: nearestCentre(h, background, centre),
    whitening,
    background,
  });
}

export const rmds: Score = {
  id: 'rmds',
  title: 'relative Mahalanobis',
  label: 'max_c d(features, mean of all)^2 - d(features, mean of class c)^2',
  source: 'Ren et al. 2021',
  needs: ['features'],
  fit: {
    role: 'train',
    shapes: ({ width, classes }) => ({
      whitening: [width, width],
      centres: [classes, width],
      background: [width, width],
      centre: [width],
    }),
    async statistics(parts, of) {
      const scatter = await classScatter(parts, of);
      const { mean, covariance } = totalScatter(scatter, of);
      const { matrix } = await factorised('whitening', covariance, of.width, of.signal);
      return { ...(await whitenedClasses(scatter, of)), background: matrix, centre: times(matrix, mean) };
    },
  },
  compute(inputs) {
    const of = distancesOf(inputs);
    return perFeatureRow(inputs, (h) => {
      const { near, all } = of(h);
      return all.square - near.square;
    });
  },
  rounding(inputs, values) {
    const of = distancesOf(inputs);
    return featureRounding(inputs, values, (h) => {
      const { near, all, whitening, background } = of(h);
      const [own, other] = [transposedTimes(background, all.z), transposedTimes(whitening, near.z)];
      return 2 * length1(own.map((v, j) => v - other[j]!));
    });
  },
};
