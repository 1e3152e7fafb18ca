import { binomialTail, binomialTerm } from '../distributions/binomial-tail.js';
import { normalQuantile, normalTwoSided } from '../distributions/distributions.js';
import { boundary } from '../estimates/boundary.js';
import { wilsonEnds } from '../estimates/intervals.js';
import { FARTHEST } from './hybrid-difference.js';
import type { TestedDifference } from './wald.js';

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
  counts: PairedCounts,
  level = 0.95,
): { value: number; interval: [number, number] | null } {
  const n = sizeOf(counts);
  if (n === 0) return { value: Number.NaN, interval: null };
  return { value: differenceOf(counts), interval: newcombe(counts, normalQuantile(level)) };
}

const sizeOf = ({ both, onlyA, onlyB, neither }: PairedCounts) => both + onlyA + onlyB + neither;
const differenceOf = (counts: PairedCounts) => (counts.onlyA - counts.onlyB) / sizeOf(counts);

/** Its ends, z standard errors to both sides. */
function newcombe(counts: PairedCounts, z: number): [number, number] {
  const { both, onlyA, onlyB, neither } = counts;
  const n = sizeOf(counts);
  const [inA, inB] = [both + onlyA, both + onlyB];
  const [a, b] = [wilsonEnds(inA, n, z), wilsonEnds(inB, n, z)];
  const product = both * neither - onlyA * onlyB;
  // Continuity-corrected where the outcomes agree more often than by chance.
  const numerator = product > 0 ? Math.max(0, product - n / 2) : product;
  const margins = inA * (onlyB + neither) * inB * (onlyA + neither);
  const phi = margins === 0 ? 0 : numerator / Math.sqrt(margins);
  const reach = (of: number, against: number) =>
    Math.sqrt(Math.max(0, of ** 2 - 2 * phi * of * against + against ** 2));
  const value = differenceOf(counts);
  return [value - reach(inA / n - a[0], b[1] - inB / n), value + reach(a[1] - inA / n, inB / n - b[0])];
}

/** A difference of two shares with its test. */
export interface TestedShares extends TestedDifference {
  /** McNemar's mid-p; 1 of no examples. */
  p: number;
  /** McNemar's exact p. */
  exact: number;
}

/**
 * The same with McNemar's test (mid-p) and an interval that says what the test says: it leaves 0 out where p is less than 1 - level, and
 * there alone. Newcombe's does so nearly always. Its end that is nearer to 0 is given as many of its standard errors, in proportion, that it reaches 0
 * just where p is 1 - level; the other end is Newcombe's.
 */
export function testedShares(counts: PairedCounts, level = 0.95): TestedShares {
  const { value, interval } = shareDifference(counts, level);
  const { exact, midP } = mcnemar(counts);
  if (!interval || value === 0) return { value, interval, p: midP, exact };
  const near = value > 0 ? 0 : 1;
  const endAt = (z: number) => newcombe(counts, z)[near];
  // Standard errors from the value to 0: of the interval, and of the test.
  const ofInterval = boundary((z) => (value > 0 ? endAt(z) > 0 : endAt(z) < 0), 0, FARTHEST).last;
  const ofTest = boundary((z) => normalTwoSided(z) > midP, 0, FARTHEST).last;
  interval[near] = endAt((normalQuantile(level) * ofInterval) / ofTest);
  return { value, interval, p: midP, exact };
}
