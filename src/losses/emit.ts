import { AssayError } from '../errors.js';
import type { GraphBuilder } from '../graph/build.js';
import type { Loss, LossArgumentName, LossSite } from './loss.js';

/** Why a model cannot offer a loss; undefined when it can. */
export function lossUnavailable(
  { needs, classes: least }: Loss,
  { logits, logPx, classes }: { logits: boolean; logPx: boolean; classes: number },
): string | undefined {
  if (needs.includes('logits') && !logits) return 'it needs logits, and the model does not classify';
  if (needs.includes('logPx') && !logPx) return 'it needs log p(x), which the model card does not define';
  return classes < least ? `it needs ${least} classes, and the model has ${classes}` : undefined;
}

/** What a loss may build on: names of values in the graph. */
export interface GivenSite {
  b: GraphBuilder;
  logits?: string | undefined;
  logPx?: string | undefined;
  aims: Partial<Record<LossArgumentName, string>>;
  energy: LossSite['energy'];
}

/** Emits a loss per image (n). Errors: `op-unsupported` when the site lacks what the loss needs. */
export function emitLoss(row: Loss, { b, logits = '', logPx = '', aims, energy }: GivenSite): string {
  const { labels = '', targets = '', weights = '', threshold = '' } = aims;
  const site: LossSite = { b, logits, logPx, labels, targets, weights, threshold, energy };
  const missing = [...row.needs, ...row.aims].filter((name) => !site[name]);
  if (missing.length > 0)
    throw new AssayError('op-unsupported', `the loss "${row.name}" lacks ${missing.join(' and ')}`);
  return row.emit(site);
}
