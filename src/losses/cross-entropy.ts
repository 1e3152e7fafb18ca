import { chosenOf, logSumExpOf, othersOf } from '../graph/along-classes.js';
import { logSumExpRow } from '../metrics/softmax.js';
import type { Loss, LossSite } from './loss.js';

/** -log p(y|x) = log(1 + exp(logsumexp of the others - f_y)): keeps its digits where p(y|x) is near 1. */
export function crossEntropyOf(logits: ArrayLike<number>, label: number): number {
  const others = Array.from(logits).filter((_, k) => k !== label);
  const gap = logSumExpRow(others) - logits[label]!;
  return gap > 0 ? gap + Math.log1p(Math.exp(-gap)) : Math.log1p(Math.exp(gap));
}

/**
 * The same, softplus(logsumexp of the others - f_y), on a graph. The label's logit is taken off first, which keeps the
 * digits that large logits would cost; and the value and its gradient keep theirs where p(y|x) is near 1, where
 * logsumexp f - f_y is the rounding of two equal numbers.
 */
export function emitCrossEntropy({ b, logits, labels }: LossSite): string {
  const relative = b.op('Sub', [logits, chosenOf(b, logits, labels, 1)]);
  const gap = logSumExpOf(b, othersOf(b, relative, labels));
  // Softplus by hand: the derivative of the op is a sigmoid that engines cut off, which would mask the gradient.
  const small = b.op('Exp', [b.op('Neg', [b.op('Abs', [gap])])]);
  return b.op('Add', [b.op('Relu', [gap]), b.op('Log', [b.op('Add', [small, b.scalar(1)])])]);
}

/** -log softmax(f)[y] */
export const crossEntropy: Loss = {
  name: 'cross-entropy',
  aims: ['labels'],
  needs: ['logits'],
  classes: 2,
  direction: 1,
  chosen: true,
  value: (logits, { label }) => crossEntropyOf(logits, label),
  emit: emitCrossEntropy,
};
