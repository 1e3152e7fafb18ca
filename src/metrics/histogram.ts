import { quantile } from './estimates/intervals.js';

/**
 * Edges of `bins` equal bins over all finite values together, so that histograms can be laid over each other.
 * The outermost `clip` share of the values on either side does not stretch the range (they are counted in the
 * outer bins): one far outlier would else squeeze everything into one bar. Null without finite values.
 */
export function sharedEdges(sets: readonly ArrayLike<number>[], bins: number, clip = 0.001): number[] | null {
  const all = new Float64Array(sets.reduce((sum, { length }) => sum + length, 0));
  let n = 0;
  for (const set of sets)
    for (let i = 0; i < set.length; i++) if (Number.isFinite(set[i])) all[n++] = set[i]!;
  const sorted = all.subarray(0, n).sort();
  if (sorted.length === 0) return null;
  let [lo, hi] = [quantile(sorted, clip), quantile(sorted, 1 - clip)];
  if (!(hi > lo)) {
    const margin = Math.max(Math.abs(lo), 1) * 1e-3;
    [lo, hi] = [lo - margin, hi + margin];
  }
  return Array.from({ length: bins + 1 }, (_, b) => lo + ((hi - lo) * b) / bins);
}

/** Share of the values in each bin; values beyond the edges are counted in the outer bins. Sums to 1, or 0. */
export function densities(values: ArrayLike<number>, edges: readonly number[]): number[] {
  const bins = edges.length - 1;
  const counts = new Array<number>(bins).fill(0);
  const width = (edges[bins]! - edges[0]!) / bins;
  let n = 0;
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) continue;
    counts[Math.max(0, Math.min(bins - 1, Math.floor((values[i]! - edges[0]!) / width)))]!++;
    n++;
  }
  return n === 0 ? counts : counts.map((count) => count / n);
}
