/**
 * Holm's correction (Holm 1979): p values of a family of tests, such that refusing those at most `level` is wrong anywhere
 * with a chance of at most `level`, whatever the dependence.
 * @param p one for each test
 * @returns in the same order; never less than what was given
 */
export function holm(p: readonly number[]): number[] {
  const order = p.map((_, i) => i).sort((i, j) => p[i]! - p[j]!);
  const corrected = new Array<number>(p.length);
  let least = 0;
  for (const [rank, i] of order.entries()) {
    least = Math.max(least, Math.min(1, (p.length - rank) * p[i]!));
    corrected[i] = least;
  }
  return corrected;
}
