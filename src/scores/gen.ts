import { type Static, Type } from '../config/type.js';
import { int } from '../graph/build.js';
import { unorderedSum } from '../metrics/unordered-sum.js';
import { combinations } from './grid.js';
import { logitRounding } from './rounding.js';
import { perProbabilityRow } from './rows.js';
import { logitsOf, type Score } from './score.js';

/** Of the paper. */
const PUBLISHED = { gamma: 0.1, top: 100 };

const options = Type.Object(
  {
    gamma: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      default: PUBLISHED.gamma,
      description: 'The exponent.',
    }),
    top: Type.Integer({
      minimum: 1,
      default: PUBLISHED.top,
      description: 'How many of the largest probabilities are summed over.',
    }),
  },
  { additionalProperties: false },
);

/**
 * p (1 - p) of the largest probabilities, from all logarithms. Of the largest, 1 - p is the sum of the others: where p is near 1
 * its logarithm has no digits of that.
 */
function products(logP: Float64Array, top: number): Float64Array {
  const ascending = logP.slice().sort();
  const largest = ascending.length - 1;
  const others = ascending.subarray(0, largest).reduce((sum, l) => sum + Math.exp(l), 0);
  return ascending
    .reverse()
    .subarray(0, top)
    .map((l, rank) => Math.exp(l) * (rank === 0 ? others : -Math.expm1(l)));
}

/** Where p is 1 to float32, 1 - p has no digits: GEN gets no higher there. */
const LEAST = 2 ** -24;

export const gen: Score<Static<typeof options>> = {
  id: 'gen',
  title: 'GEN',
  label: '-sum of p^g (1 - p)^g over the largest p(y|x)',
  source: 'Liu et al. 2023',
  needs: ['logits'],
  options,
  // As OpenOOD tries them, as far as p^g is concave.
  grid: combinations<Static<typeof options>>({
    gamma: [0.01, 0.1, 0.5, 1],
    top: [10, 50, 100, 200, 500, 1000],
  }),
  compute: (inputs, { gamma, top }) =>
    perProbabilityRow(inputs, (logP) => -unorderedSum(products(logP, top).map((q) => q ** gamma))),
  // d q^g / dp = g q^(g-1) (1 - 2p), and the logits move p by at most 2 p (1 - p) in all.
  rounding: (inputs, values, { gamma, top }) =>
    logitRounding(logitsOf(inputs), values, (logP) =>
      products(logP, top).reduce((sum, q) => sum + 2 * gamma * q ** gamma, 0),
    ),
  // At the published g and number of probabilities.
  climbed: {
    needs: ['logits'],
    classes: 2,
    value: ({ logits }) =>
      gen.compute({ n: 1, logits: { n: 1, classes: logits.length, data: logits } }, PUBLISHED)[0]!,
    emit({ b, logits }) {
      const classes = b.op('Gather', [b.op('Shape', [logits]), b.ints([1])], { axis: int(0) });
      const count = b.op('Min', [classes, b.ints([PUBLISHED.top])]);
      const [largest] = b.node('TopK', [logits, count], { axis: int(1) }, [
        'largest_logits',
        'likeliest',
      ]) as [string];
      const all = b.op('ReduceLogSumExp', [logits, b.ints([1])], { keepdims: int(1) });
      const p = b.op('Exp', [b.op('Sub', [largest, all])]);
      const rest = b.op('Max', [b.op('Sub', [b.scalar(1), p]), b.scalar(LEAST)]);
      const q = b.op('Max', [b.op('Mul', [p, rest]), b.scalar(LEAST * LEAST)]);
      const sum = b.op('ReduceSum', [b.op('Pow', [q, b.scalar(PUBLISHED.gamma)]), b.ints([1])], {
        keepdims: int(0),
      });
      return b.op('Neg', [sum]);
    },
  },
};
