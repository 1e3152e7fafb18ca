/** Rows of numbers, one for each image: (n, width), such as penultimate features. */
export interface FeatureTable {
  n: number;
  width: number;
  data: ArrayLike<number>;
}

/** Mean and covariance of features, in double precision. */
export interface Moments {
  /** Images. */
  n: number;
  width: number;
  /** (width) */
  mean: Float64Array;
  /** (width, width), with n - 1 in the denominator, as numpy.cov has it; zero for a single image. */
  covariance: Float64Array;
}

/**
 * @param times how often each row counts, (n); default once
 * Deviations are taken from the mean and not the mean square from the square of the mean, which cancels.
 */
export function momentsOf({ n, width, data }: FeatureTable, times?: ArrayLike<number>): Moments {
  const mean = new Float64Array(width);
  let total = 0;
  for (let i = 0; i < n; i++) {
    const count = times ? times[i]! : 1;
    if (count === 0) continue;
    total += count;
    for (let k = 0; k < width; k++) mean[k]! += count * data[i * width + k]!;
  }
  for (let k = 0; k < width; k++) mean[k]! /= total;
  const covariance = new Float64Array(width * width);
  const deviation = new Float64Array(width);
  for (let i = 0; i < n; i++) {
    const count = times ? times[i]! : 1;
    if (count === 0) continue;
    for (let k = 0; k < width; k++) deviation[k] = data[i * width + k]! - mean[k]!;
    for (let j = 0; j < width; j++) {
      const scaled = count * deviation[j]!;
      if (scaled === 0) continue;
      const row = j * width;
      for (let k = 0; k <= j; k++) covariance[row + k]! += scaled * deviation[k]!;
    }
  }
  const degrees = Math.max(1, total - 1);
  for (let j = 0; j < width; j++)
    for (let k = 0; k <= j; k++) {
      const value = covariance[j * width + k]! / degrees;
      covariance[j * width + k] = value;
      covariance[k * width + j] = value;
    }
  return { n: total, width, mean, covariance };
}
