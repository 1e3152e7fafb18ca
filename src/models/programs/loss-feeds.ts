import type { Value } from '../../engines/engine.js';
import { AssayError } from '../../errors.js';
import type { Loss, LossArgumentName } from '../../losses/loss.js';
import { oneHotRows, rowsOf } from '../batching.js';
import type { LossArguments, SystemInfo } from '../system.js';

/** What a loss is about, as a program takes it: a threshold (1), the others (n, classes). */
export type LossArgumentRows = Partial<Record<LossArgumentName, Float32Array>>;

/** Errors: `data-invalid` for what is missing, and for classes out of range; `shape-mismatch` for weights. */
export function lossArgumentRows(
  { name, aims }: Loss,
  n: number,
  { labels, targets, weights, threshold }: LossArguments,
  info: SystemInfo,
): LossArgumentRows {
  if (aims.includes('threshold') && threshold === undefined)
    throw new AssayError('data-invalid', `the loss "${name}" needs a threshold`, {
      hint: 'say what the score must reach',
    });
  return {
    ...(aims.includes('labels') && { labels: oneHotRows(n, labels, info, 'label') }),
    ...(aims.includes('targets') && { targets: oneHotRows(n, targets, info, 'target') }),
    ...(aims.includes('weights') && { weights: checkWeights(name, n, weights, info) }),
    ...(aims.includes('threshold') && { threshold: Float32Array.of(threshold ?? 0) }),
  };
}

/** Rows start to end, under the names of a program's inputs; as many as it insists on where that is fixed. */
export function lossFeeds(
  names: Partial<Record<LossArgumentName, string>>,
  rows: LossArgumentRows,
  { start, end, fixed }: { start: number; end: number; fixed: number | undefined },
  { classes: { length: classes } }: SystemInfo,
): Record<string, Value> {
  const feeds: Record<string, Value> = {};
  for (const aim of ['labels', 'targets', 'weights'] as const) {
    const [name, all] = [names[aim], rows[aim]];
    if (!name || !all) continue;
    const data = rowsOf(all, start, end, classes, fixed);
    feeds[name] = { type: 'float32', dims: [data.length / classes, classes], data };
  }
  if (names.threshold && rows.threshold)
    feeds[names.threshold] = { type: 'float32', dims: [1], data: rows.threshold };
  return feeds;
}

function checkWeights(
  loss: string,
  n: number,
  weights: Float32Array | undefined,
  { name, classes: { length: classes } }: SystemInfo,
): Float32Array {
  if (weights?.length === n * classes) return weights;
  throw new AssayError('shape-mismatch', `the loss "${loss}" needs a weight for every logit of "${name}"`, {
    expected: `${n} x ${classes} numbers`,
    found: `${weights?.length ?? 'none'}`,
  });
}
