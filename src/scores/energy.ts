import { logSumExp } from '../metrics/softmax.js';
import { logitRounding, ofOneLogit } from './rounding.js';
import { logitsOf, type Score } from './score.js';

export const energy: Score = {
  id: 'energy',
  title: 'energy',
  label: 'T logsumexp(f / T)',
  source: 'Liu et al. 2020',
  needs: ['logits'],
  shifts: true,
  compute: (inputs, { temperature }) =>
    logSumExp(logitsOf(inputs), temperature).map((value) => temperature * value),
  rounding: (inputs, values) => logitRounding(logitsOf(inputs), values, ofOneLogit),
};
