import { logitRounding, ofOneLogit } from './rounding.js';
import { perRow, topTwo } from './rows.js';
import { logitsOf, type Score } from './score.js';

export const maxLogit: Score = {
  id: 'max-logit',
  title: 'max logit',
  label: 'largest logit',
  source: 'Hendrycks et al. 2022',
  needs: ['logits'],
  shifts: true,
  compute: (inputs) => perRow(inputs, (f) => topTwo(f)[0]),
  rounding: (inputs, values) => logitRounding(logitsOf(inputs), values, ofOneLogit),
  climbed: {
    needs: ['logits'],
    classes: 1,
    value: ({ top }) => top(),
    emit: ({ top }) => top(),
  },
};
