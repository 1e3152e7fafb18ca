import { mapTuple } from '../../map-tuple.js';
import { type Logits, softmax } from '../softmax.js';

/**
 * exp of the mean Kullback-Leibler divergence of p(y|x) from its mean over the images, p(y), (Salimans et al. 2016, section
 * 4), as a function of how often each image counts, (n). Between 1 and the number of classes: high where every image is
 * surely of one class, and all classes occur. Biased downwards for few images.
 */
export function inceptionScore(logits: Logits): (times: ArrayLike<number>) => number {
  const { n, classes } = logits;
  const probabilities = softmax(logits);
  /** Sum of p log p of each image. */
  const negentropy = Float64Array.from({ length: n }, (_, i) =>
    sumOfLogs(probabilities.subarray(i * classes, (i + 1) * classes)),
  );
  return (times) => {
    const marginal = new Float64Array(classes);
    let [total, within] = [0, 0];
    for (let i = 0; i < n; i++) {
      if (times[i] === 0) continue;
      total += times[i]!;
      within += times[i]! * negentropy[i]!;
      for (let c = 0; c < classes; c++) marginal[c]! += times[i]! * probabilities[i * classes + c]!;
    }
    return Math.exp(within / total - sumOfLogs(marginal.map((sum) => sum / total)));
  };
}

function sumOfLogs(probabilities: Float64Array): number {
  let sum = 0;
  for (const p of probabilities) if (p > 0) sum += p * Math.log(p);
  return sum;
}

/**
 * The score of each of `splits` parts of the images, in their order and of sizes that differ by one at most: publications
 * give mean and standard deviation of ten parts of 5,000.
 * @param times how often each image counts, (n); default once
 */
export function splitInceptionScores(logits: Logits, splits: number, times?: ArrayLike<number>): number[] {
  const { n } = logits;
  const of = inceptionScore(logits);
  return Array.from({ length: splits }, (_, part) => {
    const [start, end] = mapTuple([part, part + 1], (k) => Math.floor((k * n) / splits));
    return of(
      Float64Array.from({ length: n }, (_, i) => (i < start || i >= end ? 0 : times ? times[i]! : 1)),
    );
  });
}
