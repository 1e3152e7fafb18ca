import { normalQuantile } from '../distributions/distributions.js';
import type { Estimate } from '../estimates/estimate.js';
import { NO_INTERVAL } from '../estimates/unless-alike.js';
import { placements } from './delong.js';
import { compareScores } from './ranking.js';
import { apartArea, clusterPairs } from './separation-bounds.js';

/** Examples by what tells them apart: of a derived set, the number of the example that each was made of. */
export interface Scores {
  values: ArrayLike<number>;
  /** Clusters: values with the same number may depend on each other. Default: all are independent. */
  of?: ArrayLike<number>;
}

/**
 * AUROC, P(a > b) with ties counting half, with the interval of DeLong, DeLong & Clarke-Pearson (1988); where examples of
 * both sides belong together, that of clustered data (Obuchowski 1997), which their correlation narrows or widens. Cut to
 * [0, 1]; where the samples do not overlap, an exact bound instead (separation-bounds.ts). Errors: `data-invalid` for a NaN score.
 */
export function aurocEstimate(a: Scores, b: Scores, level = 0.95): Estimate {
  const [n, m] = [a.values.length, b.values.length];
  const none = (value: number): Estimate => ({ value, n: n + m, interval: null, level, method: 'none' });
  if (n === 0 || m === 0) return none(Number.NaN);
  const { auroc } = compareScores(a.values, b.values);
  const pairs = a.of && b.of ? clusterPairs(a.of, b.of) : Math.min(n, m);
  const apart = apartArea([auroc], [pairs], level);
  if (apart) return { ...none(auroc), ...apart };
  if (n < 2 || m < 2) return { ...none(auroc), why: NO_INTERVAL.one };
  const placed = placements(a.values, b.values);
  const share = (values: Float64Array) => values.map((value) => (value - auroc) / values.length);
  const [ofA, ofB] = [share(placed.id), share(placed.ood)];
  const variance = a.of && b.of ? clustered([ofA, a.of], [ofB, b.of]) : squares(ofA) + squares(ofB);
  const half = normalQuantile(level) * Math.sqrt(variance);
  if (!(half > 0)) return { ...none(auroc), why: NO_INTERVAL.errorless };
  const interval: [number, number] = [Math.max(0, auroc - half), Math.min(1, auroc + half)];
  return { value: auroc, n: n + m, interval, level, method: 'delong' };
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
