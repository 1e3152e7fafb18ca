import type { Estimate } from '../estimates/estimate.js';
import { areaInterval } from './area-interval.js';
import { placements } from './delong.js';
import { compareScores } from './ranking.js';
import { clusterPairs } from './separation-bounds.js';

/** Examples by what tells them apart: of a derived set, the number of the example that each was made of. */
export interface Scores {
  values: ArrayLike<number>;
  /** Clusters: values with the same number may depend on each other. Default: all are independent. */
  of?: ArrayLike<number>;
}

/**
 * AUROC, P(a > b) with ties counting half, with an interval (area-interval.ts) from the standard error of DeLong, DeLong &
 * Clarke-Pearson (1988); where examples of both sides belong together, from that of clustered data (Obuchowski 1997), which their
 * correlation narrows or widens. Errors: `data-invalid` for a NaN score.
 */
export function aurocEstimate(a: Scores, b: Scores, level = 0.95): Estimate {
  const [n, m] = [a.values.length, b.values.length];
  if (n === 0 || m === 0) return { value: Number.NaN, n: n + m, interval: null, level, method: 'none' };
  const { auroc } = compareScores(a.values, b.values);
  const placed = placements(a.values, b.values);
  const share = (values: Float64Array) => values.map((value) => (value - auroc) / values.length);
  const [ofA, ofB] = [share(placed.id), share(placed.ood)];
  const variance = a.of && b.of ? clustered([ofA, a.of], [ofB, b.of]) : squares(ofA) + squares(ofB);
  const error = n < 2 || m < 2 ? Number.NaN : Math.sqrt(variance);
  const pairs = a.of && b.of ? clusterPairs(a.of, b.of) : Math.min(n, m);
  return { value: auroc, n: n + m, level, ...areaInterval({ value: auroc, error, pairs }, level) };
}

/** The variance of the mean that these are shares of. */
function squares(shares: Float64Array): number {
  const n = shares.length;
  return (n / (n - 1)) * shares.reduce((sum, share) => sum + share * share, 0);
}

function clustered(...sides: [shares: Float64Array, of: ArrayLike<number>][]): number {
  const sums = new Map<number, number>();
  for (const [shares, of] of sides) {
    shares.forEach((share, i) => {
      sums.set(of[i]!, (sums.get(of[i]!) ?? 0) + share);
    });
  }
  return squares(Float64Array.from(sums.values()));
}
