import { type Static, Type } from '../config/type.js';
import { largestLogits, logSumExp } from '../metrics/softmax.js';
import { featureError, perFeatureRow } from './feature-rows.js';
import { dimensionsOption, outsideOf, outsideShapes, residualLength } from './principal-space.js';
import { logitRounding, ofOneLogit } from './rounding.js';
import { logitsOf, type Score, statisticsOf } from './score.js';

const options = Type.Object({ dimensions: dimensionsOption }, { additionalProperties: false });

export const vim: Score<Static<typeof options>> = {
  id: 'vim',
  title: 'ViM',
  label: 'logsumexp - a ||features outside their principal space||',
  source: 'Wang et al. 2022',
  needs: ['features', 'logits', 'lastLayer'],
  options,
  shifts: true,
  fit: {
    role: 'train',
    unlabelled: true,
    shapes: ({ width }, { dimensions }) => ({ ...outsideShapes(width, dimensions), alpha: [1] }),
    async statistics(parts, site, { dimensions }) {
      const { origin, outside } = await outsideOf(parts, site, dimensions);
      // The virtual logit is given the mean size of the largest real one.
      let [logits, lengths] = [0, 0];
      for await (const part of parts) {
        for (const largest of largestLogits(logitsOf(part))) logits += largest;
        for (const length of perFeatureRow(part, (h) => residualLength(h, origin, outside)))
          lengths += length;
      }
      return { origin, outside, alpha: Float64Array.of(lengths === 0 ? 0 : logits / lengths) };
    },
  },
  compute(inputs) {
    const { origin, outside, alpha } = statisticsOf(inputs, 'origin', 'outside', 'alpha');
    const energies = logSumExp(logitsOf(inputs));
    return perFeatureRow(inputs, (h, i) => energies[i]! - alpha[0]! * residualLength(h, origin, outside));
  },
  rounding(inputs, values) {
    const alpha = statisticsOf(inputs, 'alpha').alpha[0]!;
    const ofLogits = logitRounding(logitsOf(inputs), values, ofOneLogit);
    return perFeatureRow(
      inputs,
      (h, i) => ofLogits[i]! + Math.abs(alpha) * featureError(h) * Math.sqrt(h.length),
    );
  },
};
