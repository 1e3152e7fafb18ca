import { dot, length1, transposedTimes } from '../metrics/linear-algebra/matrix.js';
import { nearestCentre, whitenedClasses } from './class-distances.js';
import { classScatter } from './class-scatter.js';
import { featureRounding, makeUnit, perFeatureRow, unitRows } from './feature-rows.js';
import { type FitPart, featuresOf, type Score, type ScoreInputs, statisticsOf } from './score.js';

async function* ofUnitLength(parts: AsyncIterable<FitPart>): AsyncGenerator<FitPart> {
  for await (const part of parts) yield { ...part, features: { ...featuresOf(part), data: unitRows(part) } };
}

const fitted = (inputs: ScoreInputs) => statisticsOf(inputs, 'whitening', 'centres');

/** The Mahalanobis score of features of length 1. */
export const mdsPlusPlus: Score = {
  id: 'mds++',
  title: 'Mahalanobis++',
  label: '-min_c d(features, mean of class c)^2, features of length 1',
  source: 'Müller & Hein 2025',
  needs: ['features'],
  fit: {
    role: 'train',
    shapes: ({ width, classes }) => ({ whitening: [width, width], centres: [classes, width] }),
    statistics: async (parts, of) => whitenedClasses(await classScatter(ofUnitLength(parts), of), of),
  },
  compute(inputs) {
    const { whitening, centres } = fitted(inputs);
    return perFeatureRow(inputs, (h) => {
      makeUnit(h);
      return -nearestCentre(h, whitening, centres).square;
    });
  },
  rounding(inputs, values) {
    const { whitening, centres } = fitted(inputs);
    return featureRounding(inputs, values, (h) => {
      const unit = h.slice();
      const length = makeUnit(unit);
      const slope = transposedTimes(whitening, nearestCentre(unit, whitening, centres).z);
      // What is along the features themselves does not turn them.
      const along = dot(slope, unit);
      return length === 0 ? 0 : (2 * length1(slope.map((v, j) => v - along * unit[j]!))) / length;
    });
  },
};
