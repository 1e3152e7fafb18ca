import { confidenceSequence, type SeenShare } from '../metrics/confidence-sequence.js';
import { wilson } from '../metrics/intervals.js';
import type { Measure } from '../suites/results.js';
import { type Limit, limitsOf, numberOf } from './limits.js';
import type { Quantity } from './quantity.js';
import type { GateRule } from './rule.js';
import { standing } from './standing.js';

/** What is known of a rule while its measure is being made. */
export interface Decision {
  verdict: 'holds' | 'fails' | 'undecided';
  /** Between which values the share of all examples lies, at any time. */
  interval: [number, number];
}

/** A share that a rule judges. */
export type Share = Pick<Measure, 'measure' | 'better'>;

/**
 * Whether a rule on a share is decided by the examples that were seen: both ends of the confidence sequence would give
 * the same verdict on all of them, with `confidently` too, since Wilson's interval of n examples rises with the share.
 * The verdict is another than that on all examples with a probability of at most 1 - level, whenever one stops.
 * @returns undefined for rules that no share decides: on differences, several measures, warnings
 */
export function decided(rule: GateRule, share: Share, seen: SeenShare, level = 0.95): Decision | undefined {
  const limits = limitsOf(rule);
  if (limits.length === 0 || rule.aggregate !== undefined || !limits.every(isDecidable)) return undefined;
  const ends = confidenceSequence(seen, level);
  const interval: [number, number] = [ends[0] / seen.size, ends[1] / seen.size];
  const verdicts = limits.map((limit) =>
    ends.map((successes) => holds(rule, limit, share, successes, seen.size)),
  );
  if (verdicts.every(([low, high]) => low && high)) return { verdict: 'holds', interval };
  if (verdicts.some(([low, high]) => !low && !high)) return { verdict: 'fails', interval };
  return { verdict: 'undecided', interval };
}

const isDecidable = ({ of }: Limit) => of === 'value' || of === 'examples';

/** Whether a limit would hold with so many successes among all examples. */
function holds(rule: GateRule, limit: Limit, share: Share, successes: number, size: number): boolean {
  const { value, interval, level, method } = wilson(successes, size);
  const measure = { ...share, value } as Quantity['measure'];
  const judged = limit.of === 'examples' ? size : value;
  const quantity: Quantity = { measure, value: judged, n: size, interval, level, method, format: 'percent' };
  return standing(rule, limit, quantity, limit.bound(numberOf(rule, limit), share.better)).passed;
}
