import { logSumExp } from '../metrics/softmax.js';
import type { LossName } from '../models/system.js';

/** What a loss is a function of, beside the logits. */
export interface Aim {
  label: number;
  /** -1 where there is none. */
  target: number;
  /** What a score must reach to count as in-distribution. */
  threshold: number;
  logPx: number;
}

interface LossRow {
  /** What the system differentiates. */
  of: LossName;
  /** +1 when the attacker ascends, -1 when it descends. */
  direction: 1 | -1;
  /** Fewest classes for which it is defined; with fewer `instead` takes its place. */
  classes: number;
  instead?: 'margin' | 'target-margin';
  /** Whether a target enters beside the label; a loss without is, with a target, that of the target, descended. */
  targeted?: boolean;
  /** Value at one point, in double precision. */
  value(logits: ArrayLike<number>, aim: Aim): number;
}

const lse = (logits: ArrayLike<number>) => logSumExp({ n: 1, classes: logits.length, data: logits })[0];

const largest = (logits: ArrayLike<number>, but = -1) => {
  let top = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < logits.length; k++) if (k !== but && logits[k] > top) top = logits[k];
  return top;
};

const margin = (logits: ArrayLike<number>, label: number) => largest(logits, label) - logits[label];

const descending = (logits: ArrayLike<number>) => Float64Array.from(logits).sort().reverse();

/** Keeps ties finite, as the public implementation does. */
const TIE = 1e-12;

/** -log p(y|x) = log(1 + exp(logsumexp of the others - f_y)): keeps its digits where p(y|x) is near 1. */
function surprise(logits: ArrayLike<number>, label: number): number {
  const others = Array.from(logits).filter((_, k) => k !== label);
  const gap = lse(others) - logits[label];
  return gap > 0 ? gap + Math.log1p(Math.exp(-gap)) : Math.log1p(Math.exp(gap));
}

/**
 * A mistake that is not noticed: the smaller of what it takes to be misclassified and to be taken for familiar. Scores
 * of a class are those of the likeliest wrong one, which are the image's where it is misclassified: the largest of all
 * is the label's until then, and climbing it leads away from a mistake.
 */
const evading = (of: LossName, score: LossRow['value']): LossRow => ({
  of,
  direction: 1,
  classes: 2,
  value: (logits, aim) => Math.min(margin(logits, aim.label), score(logits, aim) - aim.threshold),
});

const logPx: LossRow['value'] = (_logits, aim) => aim.logPx;
const maxLogit: LossRow['value'] = (logits) => largest(logits);
const maxSoftmax: LossRow['value'] = (logits) => largest(logits) - lse(logits);
const wrongLogit: LossRow['value'] = (logits, { label }) => largest(logits, label);
const wrongSoftmax: LossRow['value'] = (logits, { label }) => largest(logits, label) - lse(logits);

/** What an attacker can follow. */
const rows = {
  'cross-entropy': {
    of: 'cross-entropy',
    direction: 1,
    classes: 2,
    value: (logits, { label }) => surprise(logits, label),
  },
  margin: { of: 'margin', direction: 1, classes: 2, value: (logits, { label }) => margin(logits, label) },
  // Croce & Hein 2020, eq. 6.
  dlr: {
    of: 'dlr',
    direction: 1,
    classes: 3,
    instead: 'margin',
    value: (logits, { label }) => {
      const sorted = descending(logits);
      return margin(logits, label) / (sorted[0] - sorted[2] + TIE);
    },
  },
  // Croce & Hein 2020, eq. 7.
  'dlr-targeted': {
    of: 'dlr-targeted',
    direction: 1,
    classes: 4,
    instead: 'target-margin',
    targeted: true,
    value: (logits, { label, target }) => {
      const sorted = descending(logits);
      return (logits[target] - logits[label]) / (sorted[0] - (sorted[2] + sorted[3]) / 2 + TIE);
    },
  },
  'target-margin': {
    of: 'target-margin',
    direction: 1,
    classes: 2,
    targeted: true,
    value: (logits, { label, target }) => logits[target] - logits[label],
  },
  /** The label's own logit falls. */
  logit: { of: 'logit', direction: -1, classes: 1, value: (logits, { label }) => logits[label] },
  /** The image is driven off the model's density. */
  'log-px': { of: 'log-px', direction: -1, classes: 1, value: logPx },
  'raise-log-px': { of: 'log-px', direction: 1, classes: 1, value: logPx },
  'raise-max-logit': { of: 'max-logit', direction: 1, classes: 1, value: maxLogit },
  'raise-max-softmax': { of: 'max-softmax', direction: 1, classes: 2, value: maxSoftmax },
  'evade-log-px': evading('evade-log-px', logPx),
  'evade-max-logit': evading('evade-max-logit', wrongLogit),
  'evade-max-softmax': evading('evade-max-softmax', wrongSoftmax),
} satisfies Record<string, LossRow>;

export type AttackLoss = keyof typeof rows;

export const attackLosses: Readonly<Record<AttackLoss, LossRow>> = rows;

/** What a user may choose where a mistake is the goal. The others come with a method or with a goal. */
export const attackLossNames = [
  'cross-entropy',
  'margin',
  'dlr',
  'logit',
  'log-px',
] as const satisfies AttackLoss[];

/** The loss that is really attacked: a margin where the chosen one needs more classes than there are. */
export function definedLoss(loss: AttackLoss, classes: number): AttackLoss {
  const { classes: least, instead } = attackLosses[loss];
  return classes < least && instead ? instead : loss;
}
