import { chosenOf } from '../graph/along-classes.js';
import type { Loss } from './loss.js';

/**
 * sum_k w_k f_k, with weights that are given for each image: with d loss / d logits in their place it has the gradient
 * of any function of the logits.
 */
export const weightedLogits: Loss = {
  name: 'weighted-logits',
  aims: ['weights'],
  needs: ['logits'],
  classes: 1,
  direction: -1,
  value: (logits, { weights = [] }) => {
    let sum = 0;
    for (let k = 0; k < logits.length; k++) sum += weights[k]! * logits[k]!;
    return sum;
  },
  emit: ({ b, logits, weights }) => chosenOf(b, logits, weights),
};
