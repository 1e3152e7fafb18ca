import { logGamma } from '../distributions/log-gamma.js';
import type { Estimate } from '../estimates/estimate.js';
import { jackknifeEstimate, withoutJackknife } from '../estimates/jackknife.js';

/*
 * Calibration error by kernel regression (Popordanoska, Sayer & Blaschko 2022, "A consistent and differentiable Lp canonical
 * calibration error estimator"): the accuracy at a confidence is that of the other examples, weighted by a Beta kernel
 * (Chen 1999) around their confidences, and the error is the mean absolute gap. Every pair of examples is looked at.
 */

/** Above this many examples nothing is computed: the time grows with their square (8 s at 20,000). */
export const MOST_KERNEL_EXAMPLES = 20_000;

/** The log density at z of the Beta distribution around each example, less what does not depend on the example. */
function logKernels(predicted: Float64Array, bandwidth: number) {
  const [alpha, beta] = [predicted.map((p) => p / bandwidth), predicted.map((p) => (1 - p) / bandwidth)];
  const constant = alpha.map((a, i) => logGamma(a + 1) + logGamma(beta[i]! + 1));
  /** x log y, which is 0 for x = 0. */
  const power = (x: number, logY: number) => (x === 0 ? 0 : x * logY);
  return (z: number, into: Float64Array) => {
    const [logZ, logRest] = [Math.log(z), Math.log1p(-z)];
    for (let i = 0; i < into.length; i++)
      into[i] = power(alpha[i]!, logZ) + power(beta[i]!, logRest) - constant[i]!;
  };
}

/** Told the gap at each example, and how the kernel weighs all examples there. */
type Visit = (j: number, kernel: Float64Array, ones: number, all: number) => void;

function eachExample(
  predicted: Float64Array,
  observed: ArrayLike<number>,
  times: Uint8Array,
  bandwidth: number,
  visit: Visit,
): void {
  const kernelsAt = logKernels(predicted, bandwidth);
  const kernel = new Float64Array(predicted.length);
  const others = (i: number, j: number) => times[i]! - (i === j ? 1 : 0);
  for (let j = 0; j < predicted.length; j++) {
    if (times[j] === 0) continue;
    kernelsAt(predicted[j]!, kernel);
    // Divided by the largest, which leaves the ratio as it is: far from all others, every kernel is next to 0.
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < kernel.length; i++) if (others(i, j) > 0 && kernel[i]! > most) most = kernel[i]!;
    if (most === Number.NEGATIVE_INFINITY) continue;
    let [ones, all] = [-0, -0];
    for (let i = 0; i < kernel.length; i++) {
      kernel[i] = Math.exp(kernel[i]! - most);
      const weight = others(i, j);
      // Infinite times 0 where only the example itself lies here.
      if (weight === 0) continue;
      all += weight * kernel[i]!;
      ones += weight * kernel[i]! * observed[i]!;
    }
    visit(j, kernel, ones, all);
  }
}

/**
 * KDE-ECE of resamples, at a named bandwidth. An example that no other has any weight at (a prediction of exactly 0 or 1
 * that no other shares) is left out.
 * @param predicted (n) in [0, 1]
 * @param observed (n) 0 or 1
 * @returns a function of how often each example was drawn, (n); NaN for fewer than two, and above 20,000 examples
 */
export function kernelEce(
  predicted: Float64Array,
  observed: ArrayLike<number>,
  bandwidth: number,
): (times: Uint8Array) => number {
  if (predicted.length > MOST_KERNEL_EXAMPLES) return () => Number.NaN;
  return (times) => {
    let [sum, n] = [0, 0];
    eachExample(predicted, observed, times, bandwidth, (j, _, ones, all) => {
      sum += times[j]! * Math.abs(ones / all - predicted[j]!);
      n += times[j]!;
    });
    return sum / n;
  };
}

/**
 * KDE-ECE with a jackknife interval: what it is without each of the examples follows from the same pass over pairs, while
 * a bootstrap would take one such pass a resample. NaN as `kernelEce`.
 */
export function kernelEceEstimate(
  predicted: Float64Array,
  observed: ArrayLike<number>,
  bandwidth: number,
  level = 0.95,
): Estimate {
  const n = predicted.length;
  const once = new Uint8Array(n).fill(1);
  if (n < 3 || n > MOST_KERNEL_EXAMPLES)
    return withoutJackknife(kernelEce(predicted, observed, bandwidth)(once), n, level);
  const without = new Float64Array(n);
  const counts = new Uint8Array(n);
  let [sum, used] = [0, 0];
  eachExample(predicted, observed, once, bandwidth, (j, kernel, ones, all) => {
    const gap = Math.abs(ones / all - predicted[j]!);
    sum += gap;
    used++;
    counts[j] = 1;
    for (let k = 0; k < n; k++) {
      if (k === j) continue;
      const rest = all - kernel[k]!;
      const left = rest > 0 ? Math.abs((ones - kernel[k]! * observed[k]!) / rest - predicted[j]!) : gap;
      without[k]! += left;
    }
  });
  if (used < 2) return withoutJackknife(sum / used, n, level);
  // One that does not count is missing in none of the sums.
  for (let k = 0; k < n; k++) without[k]! /= used - counts[k]!;
  return jackknifeEstimate(sum / used, without, [0, 1], level);
}
