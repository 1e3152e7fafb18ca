import { unorderedSum } from '../metrics/unordered-sum.js';
import { logitRounding, ofEntropy } from './rounding.js';
import { perProbabilityRow } from './rows.js';
import { logitsOf, type Score } from './score.js';

export const entropy: Score = {
  id: 'entropy',
  title: 'negative entropy',
  label: '-H(p(y|x)), nats',
  source: 'Macêdo et al. 2021',
  needs: ['logits'],
  compute: (inputs) => perProbabilityRow(inputs, (logP) => unorderedSum(logP.map((l) => Math.exp(l) * l))),
  rounding: (inputs, values) => logitRounding(logitsOf(inputs), values, ofEntropy),
};
