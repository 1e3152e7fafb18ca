import { normalQuantile } from '../distributions/distributions.js';
import type { Estimate } from '../estimates/estimate.js';
import { NO_INTERVAL } from '../estimates/unless-alike.js';
import { type AreaScale, areaInterval } from './area-interval.js';
import { areaOf, delongMean, type Placements } from './delong.js';

/**
 * An area under a curve of ranks, or its unweighted mean over OOD sets, with an interval from the standard error of DeLong, DeLong &
 * Clarke-Pearson (1988): see area-interval.ts. None where its width is 0 otherwise: it would claim certainty. `n` counts ID
 * examples once.
 * @param value the area, as it is reported: components give it too, but for rounding
 * @param sets one for each OOD set, of the same ID examples
 * @param scale `plain`: the interval that most public code prints
 */
export function delongEstimate(
  value: number,
  sets: readonly Placements[],
  level = 0.95,
  scale?: AreaScale,
): Estimate {
  const about = { value, n: sizeOf(sets), level };
  if (sets.length === 0 || !Number.isFinite(value)) return { ...about, interval: null, method: 'none' };
  return { ...about, ...areaInterval({ ...areaOf(sets), value }, level, scale) };
}

/**
 * Another number whose components are its influence function, such as SCOD-AURC, with a normal interval cut to [0, most]; none where
 * its width is 0.
 */
export function influenceEstimate(
  value: number,
  sets: readonly Placements[],
  { level = 0.95, most }: { level?: number; most: number },
): Estimate {
  const none: Estimate = { value, n: sizeOf(sets), interval: null, level, method: 'none' };
  if (sets.length === 0 || !Number.isFinite(value)) return none;
  const half = normalQuantile(level) * delongMean(sets).error;
  if (!(half > 0)) return { ...none, why: NO_INTERVAL.errorless };
  return {
    ...none,
    interval: [Math.max(0, value - half), Math.min(most, value + half)],
    method: 'influence',
  };
}

const sizeOf = (sets: readonly Placements[]): number =>
  (sets[0]?.id.length ?? 0) + sets.reduce((sum, { ood }) => sum + ood.length, 0);
