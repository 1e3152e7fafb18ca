import { type Estimate, quantile, quantileEstimate, wilson } from '../../src/metrics.js';
import type { Neighbours, SampleSet } from './result.js';

/** Real images are as near as this quantile of theirs by a chance of so much. */
export const NEAR = 0.05;

/** How near samples are to images that the model may have learnt, beside real images that it has not seen. */
export interface Memorisation {
  set: SampleSet;
  neighbours: Neighbours;
  /** Median L2 distance to the nearest image. */
  distance: Estimate;
  /** The same of real images, and their data set; absent where none were compared. */
  ofReal: Estimate | undefined;
  real: string | undefined;
  /** Share of the samples nearer than `NEAR` of the real images are; and below which distance that is. */
  nearer: Estimate | undefined;
  below: number | undefined;
}

export function memorisation(
  set: SampleSet,
  real: (Neighbours & { of: string }) | undefined,
): Memorisation | undefined {
  const { neighbours } = set;
  if (!neighbours || set.n === 0) return undefined;
  const distances = neighbours.distance.filter(Number.isFinite).sort();
  const realDistances = real?.distance.filter(Number.isFinite).sort();
  const below = realDistances && realDistances.length > 0 ? quantile(realDistances, NEAR) : undefined;
  return {
    set,
    neighbours,
    distance: quantileEstimate(distances, 0.5),
    ofReal: realDistances && quantileEstimate(realDistances, 0.5),
    real: real?.of,
    nearer:
      below === undefined
        ? undefined
        : wilson(distances.filter((distance) => distance < below).length, distances.length),
    below,
  };
}
