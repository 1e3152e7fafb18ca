import { logSumExpOf } from '../graph/along-classes.js';
import { logSumExpRow } from '../metrics/softmax.js';
import { logitRounding, ofProbability } from './rounding.js';
import { perProbabilityRow, topTwo } from './rows.js';
import { logitsOf, type Score } from './score.js';

export const maxSoftmax: Score = {
  id: 'max-softmax',
  title: 'max softmax',
  label: 'max p(y|x)',
  source: 'Hendrycks & Gimpel 2017',
  needs: ['logits'],
  compute: (inputs) => perProbabilityRow(inputs, (logP) => Math.exp(topTwo(logP)[0])),
  rounding: (inputs, values) =>
    logitRounding(logitsOf(inputs), values, (logP) => ofProbability(Math.exp(topTwo(logP)[0]))),
  // Its logarithm: where the softmax is saturated, its gradient is nothing.
  climbed: {
    needs: ['logits'],
    classes: 2,
    of: Math.log,
    value: ({ logits, top }) => top() - logSumExpRow(logits),
    emit: ({ b, logits, top }) => b.op('Sub', [top(), logSumExpOf(b, logits)]),
  },
};
