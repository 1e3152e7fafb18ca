import { type Static, Type } from '../config/type.js';
import { unorderedSum } from '../metrics/unordered-sum.js';
import { logitRounding } from './rounding.js';
import { perProbabilityRow } from './rows.js';
import { logitsOf, type Score } from './score.js';

const options = Type.Object(
  {
    gamma: Type.Number({ exclusiveMinimum: 0, maximum: 1, default: 0.1, description: 'The exponent.' }),
    top: Type.Integer({
      minimum: 1,
      default: 100,
      description: 'How many of the largest probabilities are summed over.',
    }),
  },
  { additionalProperties: false },
);

/** p (1 - p) of the largest probabilities, from their logarithms: 1 - p keeps its digits where p is near 1. */
const products = (logP: Float64Array, top: number) =>
  logP
    .slice()
    .sort()
    .reverse()
    .subarray(0, top)
    .map((l) => Math.exp(l) * -Math.expm1(l));

export const gen: Score<Static<typeof options>> = {
  id: 'gen',
  title: 'GEN',
  label: '-sum of p^g (1 - p)^g over the largest p(y|x)',
  source: 'Liu et al. 2023',
  needs: ['logits'],
  options,
  compute: (inputs, { gamma, top }) =>
    perProbabilityRow(inputs, (logP) => -unorderedSum(products(logP, top).map((q) => q ** gamma))),
  // d q^g / dp = g q^(g-1) (1 - 2p), and the logits move p by at most 2 p (1 - p) in all.
  rounding: (inputs, values, { gamma, top }) =>
    logitRounding(logitsOf(inputs), values, (logP) =>
      products(logP, top).reduce((sum, q) => sum + 2 * gamma * q ** gamma, 0),
    ),
};
