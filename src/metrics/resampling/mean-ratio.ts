/**
 * The mean over columns of the ratio of two sums over examples, mean_c (sum_i x_ic / sum_i y_ic): mCE where x are errors of a
 * model under corruption c and y those of a reference model on the same examples (Hendrycks & Dietterich 2019, section 4),
 * and mFR where they are flips. A column in which the reference sums to nothing has no ratio: it makes the mean NaN.
 * @param values (n, columns), row-major
 * @param reference of the same shape
 * @returns a statistic for `jointBootstrap`: examples are drawn with all their columns, in both
 */
export function meanRatioOfDraws(
  values: Float64Array,
  reference: Float64Array,
  columns: number,
): (times: Uint8Array) => number {
  const [above, below] = [new Float64Array(columns), new Float64Array(columns)];
  return (times) => {
    above.fill(0);
    below.fill(0);
    for (let i = 0, at = 0; i < times.length; i++) {
      for (let c = 0; c < columns; c++, at++) {
        above[c]! += times[i]! * values[at]!;
        below[c]! += times[i]! * reference[at]!;
      }
    }
    let sum = -0;
    for (let c = 0; c < columns; c++) sum += below[c] === 0 ? Number.NaN : above[c]! / below[c]!;
    return sum / columns;
  };
}
