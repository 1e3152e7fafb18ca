import { length2 } from '../metrics/linear-algebra/matrix.js';
import { argmaxOf } from '../metrics/softmax.js';
import { featureRounding, perFeatureRow } from './feature-rows.js';
import { layerLogits } from './layer-logits.js';
import { meanFeatures } from './mean-features.js';
import { required, type Score, type ScoreInputs, statisticsOf } from './score.js';

/** Of one image: the sum of distances to decision boundaries, how far the features are from the mean, and how many sums. */
function distancesOf(inputs: ScoreInputs, h: Float64Array) {
  const { mean, between } = statisticsOf(inputs, 'mean', 'between');
  const logits = layerLogits(required(inputs.lastLayer, 'last layer'), h);
  const classes = logits.length;
  const y = argmaxOf(logits);
  let sum = 0;
  for (let c = 0; c < classes; c++) {
    const gap = between[y * classes + c]!;
    // Classes with the same weights have no boundary.
    if (gap > 0) sum += (logits[y]! - logits[c]!) / gap;
  }
  return { sum, spread: length2(h.map((v, j) => v - mean[j]!)), classes };
}

export const fdbd: Score = {
  id: 'fdbd',
  title: 'fDBD',
  label: 'sum of distances to decision boundaries / distance to the training mean',
  source: 'Liu & Qin 2024',
  needs: ['features', 'lastLayer'],
  fit: {
    role: ['train', 'validation'],
    unlabelled: true,
    shapes: ({ width, classes }) => ({ mean: [width], between: [classes, classes] }),
    async statistics(parts, { width, classes, lastLayer }) {
      const { weight } = required(lastLayer, 'last layer');
      const between = new Float64Array(classes * classes);
      for (let y = 0; y < classes; y++)
        for (let c = 0; c < classes; c++) {
          let square = 0;
          for (let j = 0; j < width; j++) square += (weight[y * width + j]! - weight[c * width + j]!) ** 2;
          between[y * classes + c] = Math.sqrt(square);
        }
      return { mean: await meanFeatures(parts, width), between };
    },
  },
  compute: (inputs) =>
    perFeatureRow(inputs, (h) => {
      const { sum, spread } = distancesOf(inputs, h);
      return spread === 0 ? 0 : sum / spread;
    }),
  // Each distance has a slope of length 1, and so has that to the mean; |.|_1 <= sqrt(width) |.|_2.
  rounding: (inputs, values) =>
    featureRounding(inputs, values, (h, i) => {
      const { spread, classes } = distancesOf(inputs, h);
      return spread === 0 ? 0 : (Math.sqrt(h.length) * (classes - 1 + Math.abs(values[i]!))) / spread;
    }),
};
