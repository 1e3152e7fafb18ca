import { AssayError } from '../errors.js';
import { type GraphBuilder, int } from '../graph/build.js';
import { floats } from '../graph/tensor.js';
import type { Aims, LossName } from './system.js';

/** What a loss is about, beside the images: inputs of the graph. */
export type AimName = keyof Aims;

/** What a head may build on: names of values in the graph. */
export interface HeadSite {
  b: GraphBuilder;
  /** (n, classes) */
  logits?: string | undefined;
  /** (n) */
  logPx?: string | undefined;
  /** labels and targets: (n, classes), 1 at the class, 0 elsewhere; threshold: (1). */
  aims: Partial<Record<AimName, string>>;
  energy: 'logsumexp' | 'output' | 'none';
}

interface Head {
  aims: readonly AimName[];
  needs: readonly ('logits' | 'logPx')[];
  /** Fewest classes for which the loss is defined. */
  classes: number;
  /** Emits the loss per example (n). */
  emit(site: Site): string;
}

interface Site {
  b: GraphBuilder;
  logits: string;
  logPx: string;
  labels: string;
  targets: string;
  threshold: string;
  energy: HeadSite['energy'];
}

const alongClasses = { keepdims: int(0) };

/** The logit of the class in a one-hot row. Exact: the other terms of the sum are zeros. */
const chosen = ({ b, logits }: Site, oneHot: string, keepdims: 0 | 1 = 0) =>
  b.op('ReduceSum', [b.op('Mul', [logits, oneHot]), b.ints([1])], { keepdims: int(keepdims) });

/** Below every float32 logit that is of use. */
const LOWEST = -3.4e38;

/** Logits with the label's masked out, not subtracted from. */
const others = ({ b, labels }: Site, logits: string) =>
  b.op('Where', [b.op('Greater', [labels, b.scalar(0.5)]), b.scalar(LOWEST), logits]);

const largest = ({ b }: Site, logits: string) => b.op('ReduceMax', [logits, b.ints([1])], alongClasses);

const lse = ({ b }: Site, logits: string) => b.op('ReduceLogSumExp', [logits, b.ints([1])], alongClasses);

/**
 * -log p(y|x) = softplus(logsumexp of the others - f_y). The label's logit is taken off first, which keeps the
 * digits that large logits would cost; and the value and its gradient keep theirs where p(y|x) is near 1, where
 * logsumexp f - f_y is the rounding of two equal numbers.
 */
function surprise(site: Site): string {
  const { b, logits, labels } = site;
  const relative = b.op('Sub', [logits, chosen(site, labels, 1)]);
  const gap = lse(site, others(site, relative));
  // Softplus by hand: the derivative of the op is a sigmoid that engines cut off, which would mask the gradient.
  const small = b.op('Exp', [b.op('Neg', [b.op('Abs', [gap])])]);
  return b.op('Add', [b.op('Relu', [gap]), b.op('Log', [b.op('Add', [small, b.scalar(1)])])]);
}

const margin = (site: Site) =>
  site.b.op('Sub', [largest(site, others(site, site.logits)), chosen(site, site.labels)]);

const targetMargin = (site: Site) =>
  site.b.op('Sub', [chosen(site, site.targets), chosen(site, site.labels)]);

/** A weighted sum of the largest logits, picked by TopK so that all come through unrounded. */
function spread({ b, logits }: Site, weights: readonly number[]): string {
  const top = ['top_logits', 'top_classes'];
  const [largestFew] = b.node('TopK', [logits, b.ints([weights.length])], { axis: int(1) }, top);
  const signs = b.constant(floats([1, weights.length], [...weights]), 'weights_of_the_largest');
  return b.op('ReduceSum', [b.op('Mul', [largestFew, signs]), b.ints([1])], alongClasses);
}

/** Keeps 0/0 away where logits are equal (as the public implementation does). */
const TIE = 1e-12;

const ratio = (site: Site, of: string, weights: readonly number[]) =>
  site.b.op('Div', [of, site.b.op('Add', [spread(site, weights), site.b.scalar(TIE)])]);

type Score = (site: Site) => string;
const logPx: Score = (site) => site.logPx;
const maxLogit: Score = (site) => largest(site, site.logits);
const maxSoftmax: Score = (site) => site.b.op('Sub', [largest(site, site.logits), lse(site, site.logits)]);

/** The scores of the likeliest wrong class: those of the image where it is misclassified. */
const wrongLogit: Score = (site) => largest(site, others(site, site.logits));
const wrongSoftmax: Score = (site) => site.b.op('Sub', [wrongLogit(site), lse(site, site.logits)]);

/**
 * min(margin, score - threshold): a mistake counts only where it looks familiar. Scores of a class are those of the
 * likeliest wrong one: the largest of all is the label's until the image is misclassified, and climbing it leads
 * away from a mistake.
 */
const evading =
  (score: Score): Head['emit'] =>
  (site) =>
    site.b.op('Min', [margin(site), site.b.op('Sub', [score(site), site.threshold])]);

/** Every loss, as a small graph on top of the logits or of log p(x). */
const heads: Readonly<Record<LossName, Head>> = {
  'cross-entropy': { aims: ['labels'], needs: ['logits'], classes: 2, emit: surprise },
  margin: { aims: ['labels'], needs: ['logits'], classes: 2, emit: margin },
  // Croce & Hein 2020, eq. 6 and 7.
  dlr: {
    aims: ['labels'],
    needs: ['logits'],
    classes: 3,
    emit: (site) => ratio(site, margin(site), [1, 0, -1]),
  },
  'dlr-targeted': {
    aims: ['labels', 'targets'],
    needs: ['logits'],
    classes: 4,
    emit: (site) => ratio(site, targetMargin(site), [1, 0, -0.5, -0.5]),
  },
  'target-margin': { aims: ['labels', 'targets'], needs: ['logits'], classes: 2, emit: targetMargin },
  'log-px': { aims: [], needs: ['logPx'], classes: 0, emit: logPx },
  // log p(x) + log p(y|x), which is the logit itself when log p(x) is the logsumexp of the logits.
  'log-pxy': {
    aims: ['labels'],
    needs: ['logits', 'logPx'],
    classes: 2,
    emit: (site) =>
      site.energy === 'logsumexp'
        ? chosen(site, site.labels)
        : site.b.op('Sub', [site.logPx, surprise(site)]),
  },
  logit: { aims: ['labels'], needs: ['logits'], classes: 2, emit: (site) => chosen(site, site.labels) },
  'max-logit': { aims: [], needs: ['logits'], classes: 1, emit: maxLogit },
  'max-softmax': { aims: [], needs: ['logits'], classes: 2, emit: maxSoftmax },
  'evade-log-px': {
    aims: ['labels', 'threshold'],
    needs: ['logits', 'logPx'],
    classes: 2,
    emit: evading(logPx),
  },
  'evade-max-logit': {
    aims: ['labels', 'threshold'],
    needs: ['logits'],
    classes: 2,
    emit: evading(wrongLogit),
  },
  'evade-max-softmax': {
    aims: ['labels', 'threshold'],
    needs: ['logits'],
    classes: 2,
    emit: evading(wrongSoftmax),
  },
};

export const lossNames = Object.keys(heads) as LossName[];

/** What a loss is about, beside the images. */
export const aimsOf = (loss: LossName): readonly AimName[] => heads[loss].aims;

/** Why a model cannot offer a loss; undefined when it can. */
export function lossUnavailable(
  loss: LossName,
  { logits, logPx, classes }: { logits: boolean; logPx: boolean; classes: number },
): string | undefined {
  const { needs, classes: least } = heads[loss];
  if (needs.includes('logits') && !logits) return 'it needs logits, and the model does not classify';
  if (needs.includes('logPx') && !logPx) return 'it needs log p(x), which the model card does not define';
  return classes < least ? `it needs ${least} classes, and the model has ${classes}` : undefined;
}

/** Emits a loss per example (n). Errors: `op-unsupported` when the site lacks what the loss needs. */
export function emitLoss(loss: LossName, site: HeadSite): string {
  const { b, logits = '', logPx = '', aims, energy } = site;
  const { labels = '', targets = '', threshold = '' } = aims;
  const head = heads[loss];
  const at: Site = { b, logits, logPx, labels, targets, threshold, energy };
  const missing = [...head.needs, ...head.aims].filter((name) => !at[name]);
  if (missing.length > 0)
    throw new AssayError('op-unsupported', `the loss "${loss}" lacks ${missing.join(' and ')}`);
  return head.emit(at);
}
