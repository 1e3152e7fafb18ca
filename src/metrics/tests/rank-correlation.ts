import { midranks } from './rank-tests.js';

/**
 * Spearman's rank correlation of every two columns of the same examples: Pearson's of their ranks, equal values sharing
 * the mean of theirs. NaN with a constant column.
 * @returns rows of a symmetric matrix
 */
export function rankCorrelations(columns: readonly ArrayLike<number>[]): number[][] {
  const ranks = columns.map((values) => {
    const own = midranks(values);
    const mean = (own.length + 1) / 2;
    const centred = own.map((rank) => rank - mean);
    const length = Math.sqrt(centred.reduce((sum, one) => sum + one * one, 0));
    return centred.map((one) => one / length);
  });
  return ranks.map((a, i) =>
    ranks.map((b, j) =>
      i === j && !Number.isNaN(a[0]) ? 1 : a.reduce((sum, one, k) => sum + one * b[k]!, 0),
    ),
  );
}
