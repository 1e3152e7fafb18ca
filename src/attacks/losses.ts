import { logSumExp } from '../metrics/softmax.js';
import type { LossName } from '../models/system.js';

interface LossRow {
  /** +1 when the attacker ascends, -1 when it descends. */
  direction: 1 | -1;
  /** Fewest classes for which it is defined; with fewer the margin takes its place. */
  classes: number;
  /** Value from the outputs at one point, in double precision. */
  value(logits: ArrayLike<number>, label: number, logPx: number): number;
}

const margin = (logits: ArrayLike<number>, label: number) => {
  let other = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < logits.length; k++) if (k !== label) other = Math.max(other, logits[k]);
  return other - logits[label];
};

/** What an attacker can follow. `logit` descends the label's own logit; `log-px` drives the image off the model's density. */
const rows = {
  'cross-entropy': {
    direction: 1,
    classes: 2,
    value: (logits, label) => logSumExp({ n: 1, classes: logits.length, data: logits })[0] - logits[label],
  },
  margin: { direction: 1, classes: 2, value: margin },
  // Croce & Hein 2020, eq. 6; the constant keeps ties finite, as in their code.
  dlr: {
    direction: 1,
    classes: 3,
    value: (logits, label) => {
      const sorted = Float64Array.from(logits).sort().reverse();
      return margin(logits, label) / (sorted[0] - sorted[2] + 1e-12);
    },
  },
  logit: { direction: -1, classes: 1, value: (logits, label) => logits[label] },
  'log-px': { direction: -1, classes: 1, value: (_logits, _label, logPx) => logPx },
} satisfies Partial<Record<LossName, LossRow>>;

export type AttackLoss = keyof typeof rows;

export const attackLossNames = Object.keys(rows) as AttackLoss[];

export const attackLosses: Readonly<Record<AttackLoss, LossRow>> = rows;

/** The loss that is really attacked: the margin where the chosen one needs more classes than there are. */
export function definedLoss(loss: AttackLoss, classes: number): AttackLoss {
  return classes < attackLosses[loss].classes ? 'margin' : loss;
}
