import { normalQuantile, normalTwoSided } from '../distributions/distributions.js';
import { logitEnds } from '../estimates/logit-ends.js';
import { type TestedDifference, waldTest } from '../tests/wald.js';
import { type Area, areaLimits } from './area-interval.js';
import { areaOf, delongDifference, type Placements } from './delong.js';
import { matchedArea, matchedDifference } from './matched-auroc.js';

/** Beyond so many standard errors nothing is left that a double could tell from 0. */
const FARTHEST = 38;
const HALVINGS = 60;

/** How far the ends of an interval are from its area. */
interface Reach {
  /** Within standard errors of the logit. */
  down: number;
  up: number;
  /** By how much the squares of both grow where the exact bound lies farther off. */
  missedBelow: number;
  missedAbove: number;
}

function reachOf(area: Area, z: number, alpha: number): Reach {
  const { value, error } = area;
  const [lo, hi] = error > 0 && value > 0 && value < 1 ? logitEnds(value, error, z) : [value, value];
  // A score that ties all examples has no error, and no interval of its own.
  const [least, most] = areaLimits(area, { z, alpha }) ?? [value, value];
  const [down, up] = [value - lo, hi - value];
  return {
    ...{ down, up },
    missedBelow: (value - least) ** 2 - down ** 2,
    missedAbove: (most - value) ** 2 - up ** 2,
  };
}

/**
 * The difference of two areas of the same examples, A - B, from the ends of both intervals, so that a difference is not known better
 * than its two sides are. `p` is the least alpha whose interval of 1 - alpha leaves 0 out: interval and test always say the same.
 *
 * As in the hybrid interval (Newcombe 1998; Zou & Donner 2008), the lower end of A meets the upper end of B. But what both share moves
 * them the same way: of a correlation r, the share 1 - r of the squares is put together like that, and the rest is by how much the
 * ends on one side lie apart. With ends as far to both sides, that is the hybrid interval. With others, that one calls systems that
 * correlate closely equal which are not (docs/coverage.md). What the exact bound adds is shared by nothing.
 *
 * Away from 0 and 1 this is the test of DeLong, DeLong & Clarke-Pearson (1988), on whose variances it rests. Close to them, that
 * test calls systems different which are not, where one of them has a few examples on the wrong side altogether and another none.
 * @param error the standard error of the difference
 */
export function areaDifference(a: Area, b: Area, error: number, level = 0.95): TestedDifference {
  const value = a.value - b.value;
  // The error is not finite where there are fewer than two.
  const n = Math.max(2, Math.min(a.pairs, b.pairs));
  const usual = waldTest(value, error, n, { level, by: 'normal' });
  const both = a.error * b.error;
  // No examples; or placements that are the same throughout, or differ by the same.
  if (usual.p === null || (error === 0 && (value === 0 || both > 0))) return usual;
  const cosine = both > 0 ? (a.error ** 2 + b.error ** 2 - error ** 2) / (2 * both) : 0;
  const correlation = Math.max(-1, Math.min(1, cosine));
  const within = (z: number, alpha: number): [number, number] => {
    const [ofA, ofB] = [reachOf(a, z, alpha), reachOf(b, z, alpha)];
    const shared = Math.max(Math.abs(ofA.down - ofB.down), Math.abs(ofA.up - ofB.up)) ** 2;
    const reach = (x: number, y: number, missed: number) => {
      const apart = x * x + y * y;
      const known =
        correlation > 0 ? (1 - correlation) * apart + correlation * shared : apart - 2 * correlation * x * y;
      return Math.sqrt(known + missed);
    };
    return [
      Math.max(-1, value - reach(ofA.down, ofB.up, ofA.missedBelow + ofB.missedAbove)),
      Math.min(1, value + reach(ofA.up, ofB.down, ofA.missedAbove + ofB.missedBelow)),
    ];
  };
  const z = normalQuantile(level);
  const interval = within(z, 1 - level);
  if (value === 0) return { value, interval, p: 1 };
  const excludes = (at: number): boolean => {
    const ends = at === z ? interval : within(at, normalTwoSided(at));
    return value > 0 ? ends[0] > 0 : ends[1] < 0;
  };
  return { value, interval, p: normalTwoSided(lastWhere(excludes, excludes(z) ? [z, FARTHEST] : [0, z])) };
}

/** Where something that holds at first, and not at the end, holds for the last time. */
function lastWhere(holds: (x: number) => boolean, [from, to]: [number, number]): number {
  let [low, high] = [from, to];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * Of two AUROCs of the same examples, or of their unweighted means over several OOD sets.
 * @param a by OOD set
 * @param b of the same sets and examples
 */
export const delongTest = (
  a: readonly Placements[],
  b: readonly Placements[],
  level?: number,
): TestedDifference => areaDifference(areaOf(a), areaOf(b), delongDifference(a, b).error, level);

/** Of images against changed forms of the same images: see matched-auroc.ts. */
export const matchedTest = (
  a: readonly Placements[],
  b: readonly Placements[],
  level?: number,
): TestedDifference => areaDifference(matchedArea(a), matchedArea(b), matchedDifference(a, b).error, level);
