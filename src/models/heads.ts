import { AssayError } from '../errors.js';
import { type GraphBuilder, int } from '../graph/build.js';
import { floats } from '../graph/tensor.js';
import type { LossName } from './system.js';

/** What a head may build on: names of values in the graph. */
export interface HeadSite {
  b: GraphBuilder;
  /** (n, classes) */
  logits?: string | undefined;
  /** (n) */
  logPx?: string | undefined;
  /** (n, classes): 1 at the label, 0 elsewhere. */
  oneHot?: string | undefined;
  energy: 'logsumexp' | 'output' | 'none';
}

interface Head {
  /** Labels enter as the one-hot input. */
  labelled: boolean;
  needs: readonly ('logits' | 'logPx')[];
  /** Fewest classes for which the loss is defined. */
  classes: number;
  /** Emits the loss per example (n). */
  emit(site: Required<{ [K in keyof HeadSite]: NonNullable<HeadSite[K]> }>): string;
}

type Site = Parameters<Head['emit']>[0];

const alongClasses = { keepdims: int(0) };

/** The label's logit. Exact: the other terms of the sum are zeros. */
const chosen = ({ b, logits, oneHot }: Site) =>
  b.op('ReduceSum', [b.op('Mul', [logits, oneHot]), b.ints([1])], alongClasses);

/**
 * -log p(y|x) as the logsumexp of all logits less the label's: taking that off first keeps the digits that
 * large logits would cost.
 */
function surprise({ b, logits, oneHot }: Site): string {
  const label = b.op('ReduceSum', [b.op('Mul', [logits, oneHot]), b.ints([1])], { keepdims: int(1) });
  return b.op('ReduceLogSumExp', [b.op('Sub', [logits, label]), b.ints([1])], alongClasses);
}

/** Below every float32 logit that is of use. */
const LOWEST = -3.4e38;

/** The largest logit but the label's. Exact: the label's is masked out, not subtracted from. */
const largestOther = ({ b, logits, oneHot }: Site) => {
  const isLabel = b.op('Greater', [oneHot, b.scalar(0.5)]);
  const others = b.op('Where', [isLabel, b.scalar(LOWEST), logits]);
  return b.op('ReduceMax', [others, b.ints([1])], alongClasses);
};

const margin = (site: Site) => site.b.op('Sub', [largestOther(site), chosen(site)]);

/** Largest minus third largest logit: picked by TopK, so that both come through unrounded. */
function spread({ b, logits }: Site): string {
  const [top] = b.node('TopK', [logits, b.ints([3])], { axis: int(1) }, ['top_three', 'top_three_classes']);
  const signs = b.constant(floats([1, 3], [1, 0, -1]), 'first_minus_third');
  return b.op('ReduceSum', [b.op('Mul', [top, signs]), b.ints([1])], alongClasses);
}

/** Keeps 0/0 away where three logits are equal (as the public implementation does). */
const TIE = 1e-12;

/** Every loss, as a small graph on top of the logits or of log p(x). */
const heads: Readonly<Record<LossName, Head>> = {
  'cross-entropy': {
    labelled: true,
    needs: ['logits'],
    classes: 2,
    emit: surprise,
  },
  margin: { labelled: true, needs: ['logits'], classes: 2, emit: margin },
  // Croce & Hein 2020, eq. 6.
  dlr: {
    labelled: true,
    needs: ['logits'],
    classes: 3,
    emit: (site) => site.b.op('Div', [margin(site), site.b.op('Add', [spread(site), site.b.scalar(TIE)])]),
  },
  'log-px': { labelled: false, needs: ['logPx'], classes: 0, emit: ({ logPx }) => logPx },
  // log p(x) + log p(y|x), which is the logit itself when log p(x) is the logsumexp of the logits.
  'log-pxy': {
    labelled: true,
    needs: ['logits', 'logPx'],
    classes: 2,
    emit: (site) =>
      site.energy === 'logsumexp' ? chosen(site) : site.b.op('Sub', [site.logPx, surprise(site)]),
  },
  logit: { labelled: true, needs: ['logits'], classes: 2, emit: chosen },
};

export const lossNames = Object.keys(heads) as LossName[];

/** Whether a loss needs labels. */
export const needsLabels = (loss: LossName): boolean => heads[loss].labelled;

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
  const { b, logits = '', logPx = '', oneHot = '', energy } = site;
  const head = heads[loss];
  if (
    (head.needs.includes('logits') && !logits) ||
    (head.needs.includes('logPx') && !logPx) ||
    (head.labelled && !oneHot)
  )
    throw new AssayError(
      'op-unsupported',
      `the loss "${loss}" needs ${head.needs.join(' and ')}${head.labelled ? ' and labels' : ''}`,
    );
  return head.emit({ b, logits, logPx, oneHot, energy });
}
