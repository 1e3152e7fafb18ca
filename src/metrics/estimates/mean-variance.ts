/** Mean and variance, with n - 1, of some numbers: NaN of none, and the variance also of one. */
export function meanVariance(values: ArrayLike<number>): { mean: number; variance: number } {
  const n = values.length;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += values[i]!;
  const mean = sum / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (values[i]! - mean) ** 2;
  return { mean, variance: squares / (n - 1) };
}

/** The standard deviation of some numbers, with n - 1: NaN of fewer than two. */
export const deviationOf = (values: ArrayLike<number>): number => Math.sqrt(meanVariance(values).variance);

/** The standard error of the mean of some numbers: NaN of fewer than two. */
export const errorOfMean = (values: ArrayLike<number>): number =>
  Math.sqrt(meanVariance(values).variance / values.length);
