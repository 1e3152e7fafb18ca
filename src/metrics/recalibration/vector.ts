import { minimise } from '../linear-algebra/newton-cg.js';
import { logSoftmax } from '../softmax.js';
import { diagonal, mapped, multinomial } from './multinomial.js';
import { type Recalibrator, withoutMinimum } from './recalibrator.js';

/** softmax(a f + b), a and b a number for each class. The model's answers may change. */
export const vector: Recalibrator = {
  name: 'vector',
  title: 'Vector scaling',
  source: 'Guo, Pleiss, Sun & Weinberger 2017, section 4.2',
  map(logits, labels) {
    const { classes } = logits;
    const absent = absentClass(labels, classes);
    if (absent >= 0)
      return { reason: `class ${absent} has no example to fit on: its best bias is minus infinity` };
    const shape = diagonal(classes);
    const minimum = minimise(multinomial(logits, labels, shape), shape.identity);
    const none = withoutMinimum(minimum);
    if (none) return none;
    const { x, iterations } = minimum;
    return {
      apply: (given) => logSoftmax({ ...given, data: mapped(shape, x, given) }),
      parameters: [
        { name: 'scale', values: Array.from(x.subarray(0, classes)) },
        { name: 'bias', values: Array.from(x.subarray(classes)) },
      ],
      iterations,
    };
  },
};

/** The first class that no label is, or -1. */
function absentClass(labels: ArrayLike<number>, classes: number): number {
  const seen = new Uint8Array(classes);
  for (let i = 0; i < labels.length; i++) seen[labels[i]!] = 1;
  return seen.indexOf(0);
}
