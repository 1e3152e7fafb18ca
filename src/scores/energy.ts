import { type Static, Type } from '../config/type.js';
import { logSumExpOf } from '../graph/along-classes.js';
import { logSumExp, logSumExpRow } from '../metrics/softmax.js';
import { logitRounding, ofOneLogit } from './rounding.js';
import { logitsOf, type Score } from './score.js';

const options = Type.Object(
  { temperature: Type.Number({ exclusiveMinimum: 0, default: 1, description: 'T' }) },
  { additionalProperties: false },
);

export const energy: Score<Static<typeof options>> = {
  id: 'energy',
  title: 'energy',
  label: 'T logsumexp(f / T)',
  source: 'Liu et al. 2020',
  needs: ['logits'],
  shifts: true,
  options,
  // As OpenOOD tries them.
  grid: [1, 10, 100, 1000].map((temperature) => ({ temperature })),
  compute: (inputs, { temperature }) =>
    logSumExp(logitsOf(inputs), temperature).map((value) => temperature * value),
  rounding: (inputs, values) => logitRounding(logitsOf(inputs), values, ofOneLogit),
  // At T = 1.
  climbed: {
    needs: ['logits'],
    classes: 1,
    value: ({ logits }) => logSumExpRow(logits),
    emit: ({ b, logits }) => logSumExpOf(b, logits),
  },
};
