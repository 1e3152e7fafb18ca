import { normalCdf } from '../distributions/distributions.js';
import { type BinSums, equalMass } from './binning.js';
import { ofClass, type Probabilities } from './calibration.js';
import { drawnBinSums } from './drawn-bins.js';

/*
 * Squares and absolute values of noisy gaps are too large on average. These take off what sampling adds to them
 * (Kumar, Liang & Ma 2019, "Verified uncertainty calibration"). They can be negative, and are then reported so: cut at 0
 * they would be biased again.
 */

/**
 * The debiased square of the L2 calibration error: sum_b n_b / n [(mean predicted - mean observed)^2 - a (1 - a) / (n_b - 1)],
 * where a is the mean observed. A bin with fewer than two examples adds nothing.
 */
export function debiasedSquare({ n, count, predicted, observed }: BinSums): number {
  let sum = 0;
  for (let b = 0; b < count.length; b++) {
    if (count[b]! < 2) continue;
    const [gap, share] = [(predicted[b]! - observed[b]!) / count[b]!, observed[b]! / count[b]!];
    sum += count[b]! * (gap ** 2 - (share * (1 - share)) / (count[b]! - 1));
  }
  return n === 0 ? Number.NaN : sum / n;
}

/**
 * The debiased square of the marginal L2 calibration error of resamples: the mean over classes of `debiasedSquare` of the
 * probability of each class, over bins of equal mass, against whether it is the label.
 * @returns a function of how often each example was drawn, (n)
 */
export function marginalDebiasedSquare(
  p: Probabilities,
  labels: ArrayLike<number>,
  bins: number,
): (times: Uint8Array) => number {
  const each = Array.from({ length: p.classes }, (_, k) => {
    const { column, isClass } = ofClass(k, p, labels);
    return drawnBinSums(equalMass(column, bins), column, isClass);
  });
  return (times) => each.reduce((sum, sums) => sum + debiasedSquare(sums(times)), 0) / each.length;
}

/**
 * The debiased L1 calibration error: twice the ECE less what it would be on average if each bin's mean observed were drawn
 * again from a normal distribution around it. The mean over such draws has a closed form (the folded normal), which is
 * what their number tends to: nothing is drawn.
 */
export function debiasedL1({ n, count, predicted, observed }: BinSums): number {
  let sum = 0;
  for (let b = 0; b < count.length; b++) {
    if (count[b] === 0) continue;
    const [gap, share] = [(predicted[b]! - observed[b]!) / count[b]!, observed[b]! / count[b]!];
    sum += count[b]! * (2 * Math.abs(gap) - foldedMean(gap, Math.sqrt((share * (1 - share)) / count[b]!)));
  }
  return n === 0 ? Number.NaN : sum / n;
}

/** The mean of |X| for X normal. */
function foldedMean(mean: number, deviation: number): number {
  if (deviation === 0) return Math.abs(mean);
  const z = mean / deviation;
  return deviation * Math.sqrt(2 / Math.PI) * Math.exp((-z * z) / 2) + mean * (1 - 2 * normalCdf(-z));
}
