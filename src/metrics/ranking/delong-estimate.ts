import { normalQuantile } from '../distributions/distributions.js';
import type { Estimate } from '../estimates/estimate.js';
import { NO_INTERVAL } from '../estimates/unless-alike.js';
import { delongMean, type Placements } from './delong.js';
import { apartArea } from './separation-bounds.js';

/**
 * An area under a curve of ranks, or its unweighted mean over OOD sets, with the interval of DeLong, DeLong &
 * Clarke-Pearson (1988), cut to [0, 1]; where all scores do not overlap, an exact bound instead (separation-bounds.ts). None
 * where its width is 0 otherwise: it would claim certainty. `n` counts ID examples once.
 * @param value the area, as it is reported: components give it too, but for rounding
 * @param sets one for each OOD set, of the same ID examples
 */
export function delongEstimate(value: number, sets: readonly Placements[], level = 0.95): Estimate {
  const estimate = fromComponents(value, sets, { level, method: 'delong', most: 1 });
  const apart = apartArea(
    sets.map(({ auroc }) => auroc),
    sets.map(({ id, ood }) => Math.min(id.length, ood.length)),
    level,
  );
  return apart ? { ...estimate, ...apart } : estimate;
}

/** The same of another number whose components are its influence function, such as SCOD-AURC; cut to [0, most]. */
export const influenceEstimate = (
  value: number,
  sets: readonly Placements[],
  { level = 0.95, most }: { level?: number; most: number },
): Estimate => fromComponents(value, sets, { level, method: 'influence', most });

function fromComponents(
  value: number,
  sets: readonly Placements[],
  { level, method, most }: Pick<Estimate, 'level' | 'method'> & { most: number },
): Estimate {
  const n = (sets[0]?.id.length ?? 0) + sets.reduce((sum, { ood }) => sum + ood.length, 0);
  const none: Estimate = { value, n, interval: null, level, method: 'none' };
  if (sets.length === 0 || !Number.isFinite(value)) return none;
  const half = normalQuantile(level) * delongMean(sets).error;
  if (!(half > 0)) return { ...none, why: NO_INTERVAL.errorless };
  return { ...none, interval: [Math.max(0, value - half), Math.min(most, value + half)], method };
}
