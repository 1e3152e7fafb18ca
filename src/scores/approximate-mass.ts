import { GRADIENT_ROUNDING, relativeRounding } from './rounding.js';
import { required, type Score } from './score.js';

export const approximateMass: Score = {
  id: 'approximate-mass',
  title: 'approximate mass',
  label: "-||d log p(x) / dx||, model's input units",
  source: 'Grathwohl et al. 2019, section 5.3.3',
  needs: ['logPx', 'inputGradient'],
  shifts: true,
  compute: ({ logPxGradientNorm }) =>
    Float64Array.from(required(logPxGradientNorm, 'gradient norms'), (norm) => -norm),
  rounding: (_inputs, values) => relativeRounding(values, GRADIENT_ROUNDING),
};
