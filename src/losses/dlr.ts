import { int } from '../graph/build.js';
import { floats } from '../graph/tensor.js';
import type { Loss, LossSite } from './loss.js';
import { emitMargin, emitTargetMargin, marginOf } from './margin.js';

/** Keeps 0/0 away where logits are equal, as the public implementation does. */
const TIE = 1e-12;

const descending = (logits: ArrayLike<number>) => Float64Array.from(logits).sort().reverse();

/** A weighted sum of the largest logits, picked by TopK so that all come through unrounded. */
function emitSpread({ b, logits }: LossSite, weights: readonly number[]): string {
  const top = ['top_logits', 'top_classes'];
  const [largestFew] = b.node('TopK', [logits, b.ints([weights.length])], { axis: int(1) }, top) as [string];
  const signs = b.constant(floats([1, weights.length], [...weights]), 'weights_of_the_largest');
  const sum = b.op('ReduceSum', [b.op('Mul', [largestFew, signs]), b.ints([1])], { keepdims: int(0) });
  return b.op('Add', [sum, b.scalar(TIE)]);
}

/** Difference-of-logits ratio (Croce & Hein 2020, eq. 6). */
export const dlr: Loss = {
  name: 'dlr',
  aims: ['labels'],
  needs: ['logits'],
  classes: 3,
  instead: 'margin',
  direction: 1,
  chosen: true,
  value: (logits, { label }) => {
    const sorted = descending(logits);
    return marginOf(logits, label) / (sorted[0]! - sorted[2]! + TIE);
  },
  emit: (site) => site.b.op('Div', [emitMargin(site), emitSpread(site, [1, 0, -1])]),
};

/** Its targeted form (eq. 7): f_t - f_y over the spread of the largest four. */
export const dlrTargeted: Loss = {
  name: 'dlr-targeted',
  aims: ['labels', 'targets'],
  needs: ['logits'],
  classes: 4,
  instead: 'target-margin',
  direction: 1,
  value: (logits, { label, target }) => {
    const sorted = descending(logits);
    return (logits[target]! - logits[label]!) / (sorted[0]! - (sorted[2]! + sorted[3]!) / 2 + TIE);
  },
  emit: (site) => site.b.op('Div', [emitTargetMargin(site), emitSpread(site, [1, 0, -0.5, -0.5])]),
};
