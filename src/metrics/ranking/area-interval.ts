import { chanceAtLeast } from '../distributions/beta-distribution.js';
import { normalQuantile } from '../distributions/distributions.js';
import { logitEnds } from '../estimates/logit-ends.js';
import { NO_INTERVAL } from '../estimates/unless-alike.js';
import { apart, apartArea, asFarAsApart, type Bounded } from './separation-bounds.js';

/*
 * Intervals of areas under curves of ranks: AUROC, OSCR, and their means over OOD sets.
 *
 * DeLong's standard error is right, but an area near 1 is not spread evenly about its value, and an interval of twice that error is
 * too short: 95 % ones held the truth in as few as 57 % of samples (docs/coverage.md). So, as Qin & Hotilovac (2008) and
 * Pepe (2003, section 5.2) advise, the interval is made of the logit of the area, whose error is error / (area (1 - area)).
 *
 * Nor does a variance know of what was not seen: that a few percent of the examples lie on the wrong side altogether, and none of
 * them is in the sample. Scores that do not overlap at all have an exact bound for that (separation-bounds.ts). Scores that
 * nearly do not cannot tell more than they: an interval reaches at least as far as that bound.
 */

/** An area, and what is known of its error. */
export interface Area {
  /** In [0, 1]. */
  value: number;
  /** Standard error; NaN with fewer than two examples of a kind. */
  error: number;
  /** How many pairs of an ID and an OOD example share none: the smaller of the two numbers. Of several OOD sets, the fewest. */
  pairs: number;
}

/** Both ends: within z standard errors of the logit, and no nearer than the exact bound of what is missed with probability alpha. */
export function areaLimits(
  { value, error, pairs }: Area,
  { z, alpha }: { z: number; alpha: number },
): [number, number] | undefined {
  const ends = apartArea(value, pairs, alpha);
  if (ends || !(error > 0 && pairs > 0)) return ends;
  const bound = chanceAtLeast(pairs, alpha);
  const [lo, hi] = logitEnds(value, error, z);
  return [Math.min(lo, bound), Math.max(hi, 1 - bound)];
}

/**
 * How intervals of areas are made. `plain` is DeLong, DeLong & Clarke-Pearson (1988): the area, give or take its standard errors, cut
 * to [0, 1]. It is what most public code prints, and too short next to 0 and 1.
 */
export type AreaScale = 'logit' | 'plain';

/** The interval of an area; none where its error is not known, or is 0 and the area neither 0 nor 1. */
export function areaInterval(area: Area, level: number, scale: AreaScale = 'logit'): Bounded {
  const { value, error, pairs } = area;
  const z = normalQuantile(level);
  const limits = areaLimits(area, { z, alpha: 1 - level });
  if (!limits)
    return {
      interval: null,
      method: 'none',
      ...(Number.isFinite(value) && { why: Number.isNaN(error) ? NO_INTERVAL.one : NO_INTERVAL.errorless }),
    };
  if (value === 0 || value === 1) return apart(limits);
  if (scale === 'plain')
    return {
      interval: [Math.max(0, value - z * error), Math.min(1, value + z * error)],
      method: 'delong',
    };
  const bound = chanceAtLeast(pairs, 1 - level);
  const end = limits[0] === bound ? 'lower' : limits[1] === 1 - bound ? 'upper' : undefined;
  return {
    interval: limits,
    method: 'delong-logit',
    ...(end && { why: asFarAsApart(end) }),
  };
}
