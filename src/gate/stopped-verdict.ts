import type { GateResult, Stopped } from '../suites/results.js';
import { isRelative, type Limit } from './limits.js';
import { type Defined, fitting } from './pick.js';
import type { GateRule } from './rule.js';
import { LEVEL, seenOf, standingWithin, whyNoSequence } from './sequential.js';
import { missed, verdictOf } from './verdict.js';

/** How intervals of a measure are made that stopped before its examples were all seen. */
export const SEQUENCE = 'confidence-sequence';

/** A measure of the first examples in a random order. */
export type StoppedMeasure = Defined & { of: number };

export const isStopped = (measure: Defined): measure is StoppedMeasure => measure.of !== undefined;

/** Where measuring ended, for reasons. */
export const stoppedAt = ({ n, of }: StoppedMeasure): string => `measuring stopped at ${n} of ${of} examples`;

/** A verdict on a measure that stopped before its examples were all seen: that on all of them, or none. */
export function stoppedVerdict(
  rule: GateRule,
  limit: Limit,
  measure: StoppedMeasure,
  run: string | undefined,
): GateResult {
  const { n, of } = measure;
  const open = (why: string) =>
    missed(rule, limit, { missing: `${stoppedAt(measure)}, and ${why}`, measure, run });
  if (isRelative(limit)) return open('differences need all of them');
  // What has no sequence is of other examples than those that were seen: some failed, or some of them were meant only.
  const seen = measure.method === SEQUENCE ? seenOf(measure, measure) : undefined;
  if (!seen) return open(whyNoSequence(measure) ?? 'some of them do not count');
  const { verdict, interval, standing } = standingWithin(rule, limit, measure, seen);
  if (verdict === 'undecided') return open('these do not decide it');
  const quantity = {
    measure,
    run,
    n,
    interval,
    level: LEVEL,
    method: SEQUENCE,
    ...(limit.of === 'examples'
      ? { value: of, format: 'number' as const }
      : { value: measure.value, format: measure.format }),
  };
  const { margin, passed } = standing;
  return {
    ...verdictOf(rule, limit, quantity),
    of,
    judges: limit.of === 'examples' ? 'examples' : 'interval',
    margin,
    passed,
    reason: passed
      ? null
      : `after ${n} of ${of} examples it is clear that all of them miss the limit, at ${100 * LEVEL} %`,
  };
}

/** What a rule on warnings concerns and was not measured as a whole; undefined where all was. */
export function unseenBy({ suite, where = {} }: GateRule, stopped: Stopped | undefined): string | undefined {
  const meant = ({ suite: name, dataset }: { suite: string; dataset: string }) =>
    [suite, where.suite].every((one) => one === undefined || fitting(one)(name)) &&
    (where.dataset === undefined || fitting(where.dataset)(dataset));
  const sample = [...(stopped?.samples ?? []), ...(stopped?.omitted ?? [])].find(meant);
  return sample && `${sample.title} on ${sample.dataset} was measured in part, or not at all`;
}
