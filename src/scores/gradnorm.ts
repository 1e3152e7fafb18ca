import { length1 } from '../metrics/linear-algebra/matrix.js';
import { softmax } from '../metrics/softmax.js';
import { featureError, perFeatureRow } from './feature-rows.js';
import { layerLogits } from './layer-logits.js';
import { LOGIT_ROUNDING, ofProbability } from './rounding.js';
import { type LastLayer, required, type Score, type ScoreInputs } from './score.js';

const probabilities = (layer: LastLayer, h: Float64Array) => {
  const logits = layerLogits(layer, h);
  return { logits, p: softmax({ n: 1, classes: logits.length, data: logits }) };
};
const layerOf = ({ lastLayer }: ScoreInputs) => required(lastLayer, 'last layer');

/**
 * The L1 norm of the gradient, with respect to W, of the cross-entropy summed over all classes as labels: the gradient is
 * (C p - 1) h', so that its norm is a product and takes no pass.
 */
export const gradnorm: Score = {
  id: 'gradnorm',
  title: 'GradNorm',
  label: '||features||_1 sum_c |C p_c - 1|',
  source: 'Huang et al. 2021',
  needs: ['features', 'lastLayer'],
  compute: (inputs) =>
    perFeatureRow(inputs, (h) => {
      const { p } = probabilities(layerOf(inputs), h);
      return length1(h) * length1(p.map((v) => p.length * v - 1));
    }),
  rounding: (inputs, values) =>
    perFeatureRow(inputs, (h, i) => {
      const { logits, p } = probabilities(layerOf(inputs), h);
      const classes = p.length;
      const spread = length1(p.map((v) => classes * v - 1));
      const moved = p.reduce((sum, v) => sum + classes * ofProbability(v), 0);
      const largest = logits.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
      return (
        featureError(h) * h.length * spread +
        LOGIT_ROUNDING * largest * moved * length1(h) +
        2 ** -50 * Math.abs(values[i]!)
      );
    }),
};
