import { logitRounding, ofProbability } from './rounding.js';
import { perProbabilityRow, topTwo } from './rows.js';
import { logitsOf, type Score } from './score.js';

export const margin: Score = {
  id: 'margin',
  title: 'softmax margin',
  label: 'largest minus second largest p(y|x)',
  source: 'difference of the two largest probabilities',
  needs: ['logits'],
  compute: (inputs) =>
    perProbabilityRow(inputs, (logP) => {
      const [first, second] = topTwo(logP);
      return Math.exp(first) - Math.exp(second);
    }),
  rounding: (inputs, values) =>
    logitRounding(logitsOf(inputs), values, (logP) => {
      const [first, second] = topTwo(logP).map(Math.exp) as [number, number];
      return ofProbability(first) + ofProbability(second);
    }),
};
