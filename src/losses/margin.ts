import { chosenOf, largestOf, othersOf } from '../graph/along-classes.js';
import { largestRow } from '../metrics/softmax.js';
import type { Loss, LossSite } from './loss.js';

export const marginOf = (logits: ArrayLike<number>, label: number): number =>
  largestRow(logits, label) - logits[label]!;

export const emitMargin = ({ b, logits, labels }: LossSite): string =>
  b.op('Sub', [largestOf(b, othersOf(b, logits, labels)), chosenOf(b, logits, labels)]);

export const emitTargetMargin = ({ b, logits, labels, targets }: LossSite): string =>
  b.op('Sub', [chosenOf(b, logits, targets), chosenOf(b, logits, labels)]);

/** max_{i != y} f_i - f_y */
export const margin: Loss = {
  name: 'margin',
  aims: ['labels'],
  needs: ['logits'],
  classes: 2,
  direction: 1,
  chosen: true,
  value: (logits, { label }) => marginOf(logits, label),
  emit: emitMargin,
};

/** f_t - f_y */
export const targetMargin: Loss = {
  name: 'target-margin',
  aims: ['labels', 'targets'],
  needs: ['logits'],
  classes: 2,
  direction: 1,
  value: (logits, { label, target }) => logits[target]! - logits[label]!,
  emit: emitTargetMargin,
};
