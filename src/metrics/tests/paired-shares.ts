import { binomialTail, binomialTerm } from '../distributions/binomial-tail.js';
import { wilson } from '../estimates/intervals.js';

/** Two yes or no of each of some examples, counted. */
export interface PairedCounts {
  both: number;
  onlyA: number;
  onlyB: number;
  neither: number;
}

/** Counts outcomes of the same examples; 0 is no, anything else yes. */
export function pairedCounts(a: ArrayLike<number>, b: ArrayLike<number>): PairedCounts {
  const counts = { both: 0, onlyA: 0, onlyB: 0, neither: 0 };
  for (let i = 0; i < a.length; i++) {
    if (a[i]) counts[b[i] ? 'both' : 'onlyA']++;
    else counts[b[i] ? 'onlyB' : 'neither']++;
  }
  return counts;
}

/**
 * McNemar's test of two shares of the same examples (McNemar 1947), two-sided: whether those that only A has are as
 * many as those that only B has. `exact` is the conditional binomial test, which errs far less often than its level;
 * `midP` counts what was seen half (Lancaster 1961), and kept its level in all of the 9,595 scenarios of Fagerland,
 * Lydersen & Laake (2013).
 */
export function mcnemar({ onlyA, onlyB }: Pick<PairedCounts, 'onlyA' | 'onlyB'>): {
  exact: number;
  midP: number;
} {
  const n = onlyA + onlyB;
  const fewer = Math.min(onlyA, onlyB);
  const tail = binomialTail(fewer, n);
  return { exact: Math.min(1, 2 * tail), midP: Math.min(1, 2 * tail - binomialTerm(fewer, n)) };
}

/**
 * The difference of two shares of the same examples, A - B, with Newcombe's hybrid score interval: Wilson's limits
 * of both shares, put together with their correlation (Newcombe 1998, Statistics in Medicine 17:2635, method 10).
 * No examples: NaN.
 */
export function shareDifference(
  { both, onlyA, onlyB, neither }: PairedCounts,
  level = 0.95,
): { value: number; interval: [number, number] | null } {
  const n = both + onlyA + onlyB + neither;
  const [a, b] = [wilson(both + onlyA, n, level), wilson(both + onlyB, n, level)];
  if (!a.interval || !b.interval) return { value: Number.NaN, interval: null };
  const product = both * neither - onlyA * onlyB;
  // Continuity-corrected where the outcomes agree more often than by chance.
  const numerator = product > 0 ? Math.max(0, product - n / 2) : product;
  const margins = (both + onlyA) * (onlyB + neither) * (both + onlyB) * (onlyA + neither);
  const phi = margins === 0 ? 0 : numerator / Math.sqrt(margins);
  const reach = (of: number, against: number) =>
    Math.sqrt(Math.max(0, of ** 2 - 2 * phi * of * against + against ** 2));
  const value = (onlyA - onlyB) / n;
  return {
    value,
    interval: [
      value - reach(a.value - a.interval[0], b.interval[1] - b.value),
      value + reach(a.interval[1] - a.value, b.value - b.interval[0]),
    ],
  };
}
