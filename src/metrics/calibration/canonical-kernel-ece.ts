import { logGamma } from '../distributions/log-gamma.js';
import type { Estimate } from '../estimates/estimate.js';
import { jackknifeEstimate, withoutJackknife } from '../estimates/jackknife.js';
import type { Probabilities } from './calibration.js';

/*
 * Canonical calibration error by kernel regression (Popordanoska, Sayer & Blaschko 2022, equations 8 and 9): whether the
 * probabilities of all classes are those of the labels, where predictions are alike. What labels come at a prediction is
 * told by the other examples, weighted by a Dirichlet kernel around their predictions (Ouimet & Tolosana-Delgado 2022); the
 * error is the mean L1 distance, from 0 to 2. With two classes it is twice `kernelEce` of the probability of either.
 */

/** Above this many numbers, examples squared times classes, nothing is computed: 10,000 examples of ten classes. */
export const MOST_CANONICAL_TERMS = 1e9;

const isTooLarge = ({ n, classes }: Probabilities) => n * n * classes > MOST_CANONICAL_TERMS;

/** The log density at a prediction of the Dirichlet distribution around each example, less what all share. */
function logKernels({ n, classes, data }: Probabilities, bandwidth: number) {
  const alpha = Float64Array.from({ length: n * classes }, (_, at) => data[at]! / bandwidth);
  const constant = Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += logGamma(alpha[i * classes + k]! + 1);
    return sum;
  });
  const logZ = new Float64Array(classes);
  return (j: number, into: Float64Array) => {
    for (let k = 0; k < classes; k++) logZ[k] = Math.log(data[j * classes + k]!);
    for (let i = 0; i < n; i++) {
      let sum = -constant[i]!;
      for (let k = 0; k < classes; k++) {
        const a = alpha[i * classes + k]!;
        // 0 log 0 is 0.
        if (a !== 0) sum += a * logZ[k]!;
      }
      into[i] = sum;
    }
  };
}

/** Told, at an example, how the kernel weighs all of them there, and the sums of the others' weights by class. */
type Visit = (j: number, kernel: Float64Array, byClass: Float64Array, all: number) => void;

function eachExample(
  p: Probabilities,
  labels: ArrayLike<number>,
  times: Uint8Array,
  bandwidth: number,
  visit: Visit,
): void {
  const kernelsAt = logKernels(p, bandwidth);
  const kernel = new Float64Array(p.n);
  const byClass = new Float64Array(p.classes);
  const others = (i: number, j: number) => times[i]! - (i === j ? 1 : 0);
  for (let j = 0; j < p.n; j++) {
    if (times[j] === 0) continue;
    kernelsAt(j, kernel);
    // Divided by the largest, which leaves shares as they are: far from all others, every kernel is next to 0.
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < p.n; i++) if (others(i, j) > 0 && kernel[i]! > most) most = kernel[i]!;
    if (most === Number.NEGATIVE_INFINITY) continue;
    byClass.fill(0);
    let all = -0;
    for (let i = 0; i < p.n; i++) {
      const weight = others(i, j);
      kernel[i] = Math.exp(kernel[i]! - most);
      // Infinite times 0 where only the example itself lies here.
      if (weight === 0) continue;
      all += weight * kernel[i]!;
      byClass[labels[i]!]! += weight * kernel[i]!;
    }
    visit(j, kernel, byClass, all);
  }
}

/** The L1 distance of the shares of classes from what was predicted. */
function distance(byClass: Float64Array, all: number, { classes, data }: Probabilities, j: number): number {
  let sum = 0;
  for (let k = 0; k < classes; k++) sum += Math.abs(byClass[k]! / all - data[j * classes + k]!);
  return sum;
}

/**
 * The canonical KDE-ECE of resamples. An example that no other has any weight at is left out.
 * @param labels (n) classes
 * @returns a function of how often each example was drawn, (n); NaN for fewer than two, and above 1e9 terms, n^2 classes
 */
export function canonicalKernelEce(
  p: Probabilities,
  labels: ArrayLike<number>,
  bandwidth: number,
): (times: Uint8Array) => number {
  if (isTooLarge(p)) return () => Number.NaN;
  return (times) => {
    let [sum, n] = [0, 0];
    eachExample(p, labels, times, bandwidth, (j, _, byClass, all) => {
      sum += times[j]! * distance(byClass, all, p, j);
      n += times[j]!;
    });
    return sum / n;
  };
}

/** The same with a jackknife interval, from one pass over pairs as `kernelEceEstimate`. */
export function canonicalKernelEceEstimate(
  p: Probabilities,
  labels: ArrayLike<number>,
  bandwidth: number,
  level = 0.95,
): Estimate {
  const { n } = p;
  const once = new Uint8Array(n).fill(1);
  if (n < 3 || isTooLarge(p))
    return withoutJackknife(canonicalKernelEce(p, labels, bandwidth)(once), n, level);
  const without = new Float64Array(n);
  const counts = new Uint8Array(n);
  let [sum, used] = [0, 0];
  eachExample(p, labels, once, bandwidth, (j, kernel, byClass, all) => {
    const gap = distance(byClass, all, p, j);
    sum += gap;
    used++;
    counts[j] = 1;
    for (let k = 0; k < n; k++) {
      if (k === j) continue;
      const rest = all - kernel[k]!;
      if (!(rest > 0)) {
        without[k]! += gap;
        continue;
      }
      const held = byClass[labels[k]!]!;
      byClass[labels[k]!] = held - kernel[k]!;
      without[k]! += distance(byClass, rest, p, j);
      byClass[labels[k]!] = held;
    }
  });
  if (used < 2) return withoutJackknife(sum / used, n, level);
  for (let k = 0; k < n; k++) without[k]! /= used - counts[k]!;
  return jackknifeEstimate(sum / used, without, [0, 2], level);
}
