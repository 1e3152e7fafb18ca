import { type GraphBuilder, int } from './build.js';

/** Terms of losses and scores over the classes of an image: logits are (n, classes), what is emitted (n). */

const alongClasses = { keepdims: int(0) };

export const largestOf = (b: GraphBuilder, logits: string): string =>
  b.op('ReduceMax', [logits, b.ints([1])], alongClasses);

export const logSumExpOf = (b: GraphBuilder, logits: string): string =>
  b.op('ReduceLogSumExp', [logits, b.ints([1])], alongClasses);

/** The logit of the class in a one-hot row. Exact: the other terms of the sum are zeros. */
export const chosenOf = (b: GraphBuilder, logits: string, oneHot: string, keepdims: 0 | 1 = 0): string =>
  b.op('ReduceSum', [b.op('Mul', [logits, oneHot]), b.ints([1])], { keepdims: int(keepdims) });

/** Below every float32 logit that is of use. */
const LOWEST = -3.4e38;

/** (n, classes): logits with that of the one-hot row masked out, not subtracted from. */
export const othersOf = (b: GraphBuilder, logits: string, oneHot: string): string =>
  b.op('Where', [b.op('Greater', [oneHot, b.scalar(0.5)]), b.scalar(LOWEST), logits]);
