import { normalQuantile, normalTwoSided } from '../distributions/distributions.js';
import { boundary } from '../estimates/boundary.js';
import type { TestedDifference } from './wald.js';

/** Beyond so many standard errors nothing is left that a double could tell from 0. */
export const FARTHEST = 38;

/** Both ends of an interval. */
export type Ends = readonly [number, number];

/** How far an interval reaches: `z` standard errors, which a normal number exceeds with probability `alpha`, to both sides. */
export interface Reach {
  z: number;
  alpha: number;
}

/** One of two numbers in [0, 1] of the same examples. */
export interface Side {
  value: number;
  /** Standard error. */
  error: number;
  /**
   * Its interval. `own` is what is known by its variance, which the sides may share, `limits` what an exact bound adds to that, which
   * they do not; both hold the value.
   */
  at(reach: Reach): { own: Ends; limits: Ends };
}

/** How far the ends of an interval are from its value. */
interface Distances {
  down: number;
  up: number;
  /** By how much the squares of both grow where the exact bound lies farther off. */
  missedBelow: number;
  missedAbove: number;
}

function distances({ value, at }: Side, reach: Reach): Distances {
  const { own, limits } = at(reach);
  const [down, up] = [value - own[0], own[1] - value];
  return {
    ...{ down, up },
    missedBelow: (value - limits[0]) ** 2 - down ** 2,
    missedAbove: (limits[1] - value) ** 2 - up ** 2,
  };
}

/**
 * A - B of two numbers of the same examples from the ends of both intervals, so that a difference is not known better than its
 * two sides are. `p` is the least alpha whose interval of 1 - alpha leaves 0 out: interval and test always say the same.
 *
 * As in the hybrid interval (Newcombe 1998; Zou & Donner 2008), the lower end of A meets the upper end of B. But what both share moves
 * them the same way: of a correlation r, the share 1 - r of the squares is put together like that, and the rest is by how much the
 * ends on one side lie apart. With ends as far to both sides, that is the hybrid interval. With others, that one calls systems that
 * correlate closely equal which are not (docs/coverage.md). What the exact bound adds is shared by nothing.
 * @param error the standard error of the difference
 * @param options.farthest the largest z at which the intervals are known; p is no smaller than its alpha
 */
export function hybridDifference(
  a: Side,
  b: Side,
  error: number,
  { level = 0.95, farthest = FARTHEST }: { level?: number; farthest?: number } = {},
): TestedDifference & { interval: [number, number] } {
  const value = a.value - b.value;
  const both = a.error * b.error;
  const cosine = both > 0 ? (a.error ** 2 + b.error ** 2 - error ** 2) / (2 * both) : 0;
  const correlation = Math.max(-1, Math.min(1, cosine));
  const within = (reach: Reach): [number, number] => {
    const [ofA, ofB] = [distances(a, reach), distances(b, reach)];
    const shared = Math.max(Math.abs(ofA.down - ofB.down), Math.abs(ofA.up - ofB.up)) ** 2;
    const together = (x: number, y: number, missed: number) => {
      const apart = x * x + y * y;
      const known =
        correlation > 0 ? (1 - correlation) * apart + correlation * shared : apart - 2 * correlation * x * y;
      return Math.sqrt(known + missed);
    };
    return [
      Math.max(-1, value - together(ofA.down, ofB.up, ofA.missedBelow + ofB.missedAbove)),
      Math.min(1, value + together(ofA.up, ofB.down, ofA.missedAbove + ofB.missedBelow)),
    ];
  };
  const z = normalQuantile(level);
  const interval = within({ z, alpha: 1 - level });
  if (value === 0) return { value, interval, p: 1 };
  const leavesOut = ([low, high]: Ends) => (value > 0 ? low > 0 : high < 0);
  const [from, to] = leavesOut(interval) ? [z, farthest] : [0, z];
  const { last } = boundary((at) => leavesOut(within({ z: at, alpha: normalTwoSided(at) })), from, to);
  return { value, interval, p: normalTwoSided(last) };
}
