import { AssayError } from '../errors.js';
import { type FitPart, type FitSize, featuresOf } from './score.js';

/** Class means (classes, width), and the covariance (width, width) of features around the mean of their class, over n. */
export interface ClassScatter {
  means: Float64Array;
  covariance: Float64Array;
  /** Images of each class. */
  counts: Float64Array;
  n: number;
}

/** The mean of all features, and their covariance around it, over n: that around class means, and that of these. */
export function totalScatter(
  { means, covariance, counts, n }: ClassScatter,
  { width, classes }: Pick<FitSize, 'width' | 'classes'>,
): { mean: Float64Array; covariance: Float64Array } {
  const mean = new Float64Array(width);
  for (let c = 0; c < classes; c++)
    for (let j = 0; j < width; j++) mean[j]! += (counts[c]! / n) * means[c * width + j]!;
  const total = covariance.slice();
  for (let c = 0; c < classes; c++)
    for (let j = 0; j < width; j++) {
      const by = (counts[c]! / n) * (means[c * width + j]! - mean[j]!);
      for (let k = 0; k < width; k++) total[j * width + k]! += by * (means[c * width + k]! - mean[k]!);
    }
  return { mean, covariance: total };
}

/** Errors: `data-invalid` for a class without examples. @param counts images of each class */
export function refuseEmptyClass(counts: Float64Array): void {
  const empty = counts.indexOf(0);
  if (empty < 0) return;
  throw new AssayError('data-invalid', 'a class has no image to fit a score to', {
    path: `class ${empty}`,
    expected: `an image of each of ${counts.length} classes`,
    hint: 'give the data set with `role: train` more images, or leave the score out',
  });
}

/**
 * Reads features once: means and products are brought up to date example by example (Welford 1962), which loses no
 * digits to large means. Errors: `data-invalid` for a class without examples.
 */
export async function classScatter(
  parts: AsyncIterable<FitPart>,
  { width, classes }: Pick<FitSize, 'width' | 'classes'>,
): Promise<ClassScatter> {
  const means = new Float64Array(classes * width);
  const covariance = new Float64Array(width * width);
  const counts = new Float64Array(classes);
  const [before, after] = [new Float64Array(width), new Float64Array(width)];
  for await (const part of parts) {
    const { labels } = part;
    const features = featuresOf(part);
    for (let i = 0; i < features.n; i++) {
      const mean = means.subarray(labels[i]! * width, (labels[i]! + 1) * width);
      const count = ++counts[labels[i]!]!;
      for (let j = 0; j < width; j++) {
        const value = features.data[i * width + j]!;
        before[j] = value - mean[j]!;
        mean[j]! += before[j]! / count;
        after[j] = value - mean[j]!;
      }
      for (let j = 0; j < width; j++) {
        const by = before[j]!;
        for (let k = 0; k <= j; k++) covariance[j * width + k]! += by * after[k]!;
      }
    }
  }
  refuseEmptyClass(counts);
  const n = counts.reduce((a, b) => a + b, 0);
  for (let j = 0; j < width; j++)
    for (let k = 0; k <= j; k++)
      covariance[k * width + j] = covariance[j * width + k] = covariance[j * width + k]! / n;
  return { means, covariance, counts, n };
}
