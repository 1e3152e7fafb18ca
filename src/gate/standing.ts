import { shownP } from '../report/format.js';
import type { GateResult } from '../suites/results.js';
import { isRelative, type Limit } from './limits.js';
import { type Quantity, rounded } from './quantity.js';
import type { GateRule } from './rule.js';

export type Standing = Pick<GateResult, 'op' | 'limit' | 'judges' | 'margin' | 'passed' | 'reason'>;

/** How a number stands to the limit. A bound is met by equality. */
export function standing(rule: GateRule, limit: Limit, quantity: Quantity, bound: number): Standing {
  const { better } = quantity.measure;
  const op = limit.op(better);
  const by = rule.confidently && limit.by === 'value' && limit.of !== 'examples' ? 'interval' : limit.by;
  const judges = limit.of === 'examples' ? 'examples' : by;
  const common = { op, limit: bound, judges } as const;
  const failed = (reason: string): Standing => ({ ...common, margin: null, passed: false, reason });
  if (limit.key.startsWith('notWorse') && better === 'none')
    return failed(
      `neither more nor less of ${quantity.measure.measure} is worse: use maxIncrease and maxDecrease`,
    );
  const judged = { value: quantity.value, interval: end(quantity, op), p: pOfWorse(quantity) }[by];
  if (judged === null)
    return failed(by === 'p' ? `there is no paired test (n = ${quantity.n})` : noInterval(quantity));
  const margin = rounded(op === '>=' ? judged - bound : bound - judged);
  const passed = margin >= 0;
  return { ...common, margin, passed, reason: passed ? null : why(limit, quantity, by, op) };
}

/** The end of the interval that is nearer to failing. */
const end = ({ interval }: Quantity, op: GateResult['op']): number | null =>
  interval === null ? null : interval[op === '>=' ? 0 : 1];

/** The p value where the measure is worse than the other, 1 where it is not. */
function pOfWorse({ p, value, measure }: Quantity): number | null {
  if (p === undefined) return null;
  return (measure.better === 'lower' ? value > 0 : value < 0) ? p : 1;
}

const noInterval = ({ measure, n }: Quantity) =>
  `${measure.measure} has no interval here (n = ${n}), so that nothing is said confidently`;

function why(limit: Limit, quantity: Quantity, by: Limit['by'], op: GateResult['op']): string {
  const { value, over, measure, p, test } = quantity;
  const side = op === '>=' ? 'below' : 'above';
  const sides =
    over && over.value !== null
      ? `: ${shown(measure.value)} against ${shown(over.value)} of ${over.blessed ? 'the blessed ' : ''}${over.model}`
      : '';
  if (by === 'p') return `it is worse by ${shown(Math.abs(value))}, ${shownP(p ?? 0)} (${test})${sides}`;
  if (limit.of === 'examples') return 'it rests on too few examples';
  const what = isRelative(limit) ? 'difference' : 'value';
  if (by === 'value') return `the ${what} is ${side} the limit${sides}`;
  return `the ${op === '>=' ? 'lower' : 'upper'} end of the interval of the ${what} is ${side} the limit${sides}`;
}

const shown = (value: number): string => String(Number(value.toPrecision(6)));
