import type { Better } from '../suites/results.js';

/** How a value compares with the others of its column, by the numbers alone. */
export type Rank = 'best' | 'second' | 'other';

/**
 * The best of some values and the second best, equal ones alike. Nothing is either when fewer than two values can be
 * compared, all are equal, or neither direction is better.
 */
export function ranksOf(values: readonly (number | null)[], better: Better): Rank[] {
  const finite = values.filter((value): value is number => value !== null && Number.isFinite(value));
  const distinct = [...new Set(finite)].sort((a, b) => (better === 'higher' ? b - a : a - b));
  if (better === 'none' || distinct.length < 2) return values.map(() => 'other');
  return values.map((value) => (value === distinct[0] ? 'best' : value === distinct[1] ? 'second' : 'other'));
}
