import { chanceAtLeast } from '../distributions/beta-distribution.js';
import type { Estimate } from './estimate.js';

/*
 * Resamples hold what was seen. Of predictions that are all right, none shows how far a wrong one would move the ECE, and of few
 * predictions nearly all are: intervals of resamples are then too short, whatever is done with them (docs/coverage.md).
 */

/**
 * An estimate of an error that is a sum of absolute mean gaps, such as ECE, whose interval reaches at least as far as examples of which
 * none was seen can move it. A kind of example whose share is d is missed by n examples with probability (1 - d)^n, so that
 * d <= 1 - alpha^(1/n) (Clopper & Pearson 1934, one-sided, alpha = 1 - level). With it, an error of v comes to (1 - d) v, more or less d `gap`:
 * the triangle inequality. Where resamples give no interval this is all of it. Nothing changes for one example or none.
 * A difference of two such errors comes to (1 - d) times itself, more or less d times both gaps.
 * @param gap the most that one example adds to the sum: 1 of ECE, 2 / classes of classwise ECE, 2 of a difference of two ECEs
 * @param within where the number lies: an error in [0, 1], a difference in [-1, 1]
 */
export function asFarAsUnseen(
  estimate: Estimate,
  gap: number,
  [smallest, largest]: readonly [number, number],
): Estimate {
  const { value, n, interval, level } = estimate;
  if (!Number.isFinite(value) || n < 2) return estimate;
  const share = 1 - chanceAtLeast(n, 1 - level);
  const rest = (1 - share) * value;
  const [lo, hi] = [Math.max(smallest, rest - share * gap), Math.min(largest, rest + share * gap)];
  if (!interval) return { ...estimate, interval: [lo, hi], method: 'clopper-pearson-one-sided', why: ALONE };
  const [least, most] = [Math.min(lo, interval[0]), Math.max(hi, interval[1])];
  const ends = [...(least < interval[0] ? ['lower'] : []), ...(most > interval[1] ? ['upper'] : [])];
  if (ends.length === 0) return estimate;
  return { ...estimate, interval: [least, most], why: farther(ends) };
}

const UNSEEN = 'examples of a kind none of which was seen (Clopper-Pearson)';
const ALONE = `the interval is that of ${UNSEEN}, since resamples tell of none`;
const farther = (ends: readonly string[]): string =>
  `the ${ends.join(' and the ')} end of the interval ${ends.length > 1 ? 'are those' : 'is that'} of ${UNSEEN}`;
