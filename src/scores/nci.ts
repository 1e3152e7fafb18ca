import { type Static, Type } from '../config/type.js';
import { dot, length1, length2 } from '../metrics/linear-algebra/matrix.js';
import { argmaxOf } from '../metrics/softmax.js';
import { featureRounding, perFeatureRow } from './feature-rows.js';
import { layerLogits, weightRow } from './layer-logits.js';
import { meanFeatures } from './mean-features.js';
import { required, type Score, type ScoreInputs, statisticsOf } from './score.js';

const options = Type.Object(
  {
    alpha: Type.Number({ default: 1e-4, description: 'Weight of ||features||_1.' }),
  },
  { additionalProperties: false },
);

function partsOf(inputs: ScoreInputs, h: Float64Array) {
  const { mean } = statisticsOf(inputs, 'mean');
  const layer = required(inputs.lastLayer, 'last layer');
  const centred = h.map((v, j) => v - mean[j]!);
  return {
    w: weightRow(layer, argmaxOf(layerLogits(layer, h)), h.length),
    centred,
    spread: length2(centred),
  };
}

export const nci: Score<Static<typeof options>> = {
  id: 'nci',
  title: 'NCI',
  label: '<w_y, features - mean> / ||features - mean|| + a ||features||_1',
  source: 'Liu & Qin 2025',
  needs: ['features', 'lastLayer'],
  options,
  grid: [0, 1e-4, 1e-3, 1e-2].map((alpha) => ({ alpha })),
  fit: {
    role: ['train', 'validation'],
    unlabelled: true,
    needs: ['features'],
    options: [],
    shapes: ({ width }) => ({ mean: [width] }),
    statistics: async (parts, { width }) => ({ mean: await meanFeatures(parts, width) }),
  },
  compute: (inputs, { alpha }) =>
    perFeatureRow(inputs, (h) => {
      const { w, centred, spread } = partsOf(inputs, h);
      return (spread === 0 ? 0 : dot(w, centred) / spread) + alpha * length1(h);
    }),
  rounding: (inputs, values, { alpha }) =>
    featureRounding(inputs, values, (h) => {
      const { w, centred, spread } = partsOf(inputs, h);
      if (spread === 0) return Math.abs(alpha) * h.length;
      const along = dot(w, centred) / spread ** 2;
      return length1(w.map((v, j) => (v - along * centred[j]!) / spread)) + Math.abs(alpha) * h.length;
    }),
};
