import { statistics } from '../comparison/statistics.js';
import { confidenceSequence, type SeenShare } from '../metrics/estimates/confidence-sequence.js';
import { wilson } from '../metrics/estimates/intervals.js';
import type { Measure } from '../suites/results.js';
import { isRelative, type Limit, limitsOf, numberOf } from './limits.js';
import type { Quantity } from './quantity.js';
import type { GateRule } from './rule.js';
import { type Standing, standing } from './standing.js';

/** What is known of a rule while its measure is being made. */
export interface Decision {
  verdict: 'holds' | 'fails' | 'undecided';
  /** Between which values the share of all examples lies, at any time. */
  interval: [number, number];
}

/** A share that a rule judges. */
export type Share = Pick<Measure, 'measure' | 'better'>;

/** Coverage of all intervals of a sequence together. */
export const LEVEL = 0.95;

/**
 * Whether a rule on a share is decided by the examples that were seen: both ends of the confidence sequence would give
 * the same verdict on all of them, with `confidently` too, since Wilson's interval of n examples rises with the share.
 * The verdict is another than that on all examples with a probability of at most 1 - level, whenever one stops.
 * @returns undefined for rules that no share decides: on differences, several measures, warnings
 */
export function decided(rule: GateRule, share: Share, seen: SeenShare, level = LEVEL): Decision | undefined {
  if (limitsOf(rule).length === 0 || whyWhole(rule) !== undefined) return undefined;
  const standings = limitsOf(rule).map((limit) => standingWithin(rule, limit, share, seen, level));
  const { interval } = standings[0]!;
  if (standings.every(({ verdict }) => verdict === 'holds')) return { verdict: 'holds', interval };
  if (standings.some(({ verdict }) => verdict === 'fails')) return { verdict: 'fails', interval };
  return { verdict: 'undecided', interval };
}

/** How a share that was seen in part stands to a limit. Of both ends of its interval, the one nearer to failing. */
export function standingWithin(
  rule: GateRule,
  limit: Limit,
  share: Share,
  seen: SeenShare,
  level = LEVEL,
): Decision & { standing: Standing } {
  const [low, high] = confidenceSequence(seen, level);
  const ends = [low, high].map((successes) => onAll(rule, limit, share, successes, seen.size));
  const [worse] = [...ends].sort((a, b) => (a.margin ?? 0) - (b.margin ?? 0)) as [Standing];
  const verdict = ends.every(({ passed }) => passed)
    ? 'holds'
    : ends.some(({ passed }) => passed)
      ? 'undecided'
      : 'fails';
  return { verdict, interval: [low / seen.size, high / seen.size], standing: worse };
}

/** How a share with so many successes among all examples would stand. */
function onAll(rule: GateRule, limit: Limit, share: Share, successes: number, size: number): Standing {
  const { value, interval, level, method } = wilson(successes, size);
  const measure = { ...share, value } as Quantity['measure'];
  const judged = limit.of === 'examples' ? size : value;
  const quantity: Quantity = { measure, value: judged, n: size, interval, level, method, format: 'percent' };
  return standing(rule, limit, quantity, limit.bound(numberOf(rule, limit), share.better));
}

/** Why a rule needs all examples whatever its measure; undefined where a share may decide it. */
export function whyWhole(rule: GateRule): string | undefined {
  if (rule.noWarnings !== undefined) return 'warnings are judged on all examples';
  if (rule.aggregate !== undefined) return 'several measures are judged as one';
  if (limitsOf(rule).some(isRelative)) return 'a difference to others is judged on all examples';
  return undefined;
}

/**
 * Columns that say of which system and in which setting a row is. Others (`label`, `adversarial`) say something of the
 * example: how many examples have that is not known before all are seen.
 */
const SETTINGS: readonly string[] = [
  ...['model', 'dataset', 'source', 'target', 'images', 'steps', 'white_box'],
  ...['method', 'epsilon', 'sigma'],
];

/** Why a measure has no confidence sequence; undefined where it has one. */
export function whyNoSequence({ measure, rows }: Measure): string | undefined {
  const statistic = rows && statistics.find(rows.statistic);
  if (!rows || statistic?.kind !== 'examples' || !statistic.sequence)
    return `${measure} is no share of examples`;
  const among = Object.keys(rows.where).filter((column) => !SETTINGS.includes(column));
  return among.length === 0 ? undefined : `${measure} is a share of some examples only (${among.join(', ')})`;
}

/**
 * What was seen of a share.
 * @param of how many examples there are in all
 * @returns undefined where it is none of all examples seen: some failed, or it is not defined
 */
export function seenOf(measure: Measure, { n, of }: { n: number; of: number }): SeenShare | undefined {
  if (measure.value === null || measure.n !== n || whyNoSequence(measure) !== undefined) return undefined;
  return { size: of, seen: n, successes: Math.round(measure.value * n) };
}
