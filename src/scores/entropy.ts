import { int } from '../graph/build.js';
import { logSoftmax } from '../metrics/softmax.js';
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
  climbed: {
    needs: ['logits'],
    classes: 2,
    value({ logits }) {
      const logP = logSoftmax({ n: 1, classes: logits.length, data: logits });
      return unorderedSum(logP.map((l) => Math.exp(l) * l));
    },
    emit({ b, logits }) {
      const logP = b.op('LogSoftmax', [logits], { axis: int(1) });
      const terms = b.op('Mul', [b.op('Exp', [logP]), logP]);
      return b.op('ReduceSum', [terms, b.ints([1])], { keepdims: int(0) });
    },
  },
};
