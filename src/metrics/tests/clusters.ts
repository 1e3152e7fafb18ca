import type { Placements } from '../ranking/delong.js';
import { clusterSizes } from '../ranking/separation-bounds.js';

/** Examples that belong together, such as an image and its corrupted forms. */
export interface Clusters {
  count: number;
  /** (n): the cluster of each example, from 0. */
  of: Int32Array;
}

/** @param keys (n): examples with the same number belong together */
export function clustersOf(keys: ArrayLike<number>): Clusters {
  const numbers = new Map<number, number>();
  const of = new Int32Array(keys.length);
  for (let i = 0; i < keys.length; i++) {
    const known = numbers.get(keys[i]!) ?? numbers.size;
    numbers.set(keys[i]!, known);
    of[i] = known;
  }
  return { count: numbers.size, of };
}

/**
 * Structural components of ID clusters (Obuchowski 1997): as those of examples, with the same mean, so that their variance
 * over the clusters, divided by their number, is that of the area.
 */
export function clusteredPlacements(placed: Placements, clusters: Clusters): Placements {
  const { count, of } = clusters;
  const id = new Float64Array(count);
  for (let i = 0; i < of.length; i++) id[of[i]!]! += (placed.id[i]! * count) / of.length;
  return { ...placed, id, pairs: clusterSizes(clusters, placed.ood.length).pairs };
}

/** A function of how often each ID example was drawn, as one of how often each of their clusters was. */
export function ofClusters<T>(
  drawn: (timesId: Uint8Array, timesOod: Uint8Array) => T,
  { of }: Clusters,
): (timesClusters: Uint8Array, timesOod: Uint8Array) => T {
  const times = new Uint8Array(of.length);
  return (timesClusters, timesOod) => {
    for (let i = 0; i < of.length; i++) times[i] = timesClusters[of[i]!]!;
    return drawn(times, timesOod);
  };
}
