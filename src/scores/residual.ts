import { type Static, Type } from '../config/type.js';
import { featureRounding, perFeatureRow } from './feature-rows.js';
import { dimensionsOption, outsideOf, outsideShapes, residualLength } from './principal-space.js';
import { type Score, statisticsOf } from './score.js';

const options = Type.Object({ dimensions: dimensionsOption }, { additionalProperties: false });

export const residual: Score<Static<typeof options>> = {
  id: 'residual',
  title: 'residual',
  label: '-||features outside their principal space||',
  source: 'Wang et al. 2022, section 4.1',
  needs: ['features', 'lastLayer'],
  options,
  fit: {
    role: 'train',
    unlabelled: true,
    shapes: ({ width }, { dimensions }) => outsideShapes(width, dimensions),
    statistics: (parts, site, { dimensions }) => outsideOf(parts, site, dimensions),
  },
  compute(inputs) {
    const { origin, outside } = statisticsOf(inputs, 'origin', 'outside');
    return perFeatureRow(inputs, (h) => -residualLength(h, origin, outside));
  },
  // A length has a slope of length 1, and |.|_1 <= sqrt(width) |.|_2.
  rounding: (inputs, values) => featureRounding(inputs, values, (h) => Math.sqrt(h.length)),
};
