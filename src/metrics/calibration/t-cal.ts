import { stream } from '../../random/stream.js';
import { orderedGroups } from '../ranking/ordered-groups.js';

/*
 * T-Cal (Lee, Huang, Hassani & Dobriban 2023, "T-Cal: an optimal test for the calibration of predictive models"): a test of
 * whether confidences are the chances of being right. Its statistic is the debiased plug-in estimate of the squared L2
 * calibration error over m bins of equal width, at every m = 2^b up to B, and the p-value is corrected for all of them.
 */

export interface TCal {
  /** Of the hypothesis that the model is calibrated; Bonferroni over the scales, at most 1. */
  p: number;
  /** Numbers of bins that were tried. */
  scales: number;
  /** How many calibrated data sets were simulated. */
  simulations: number;
  /** At the scale that says most against calibration: its bins and the estimate, which can be negative. */
  bins: number;
  error: number;
}

/**
 * The debiased plug-in estimate: (1 / n) sum_b [(sum r)^2 - sum r^2] / n_b, r = observed - predicted, over m bins of equal
 * width, [lo, hi) and the last one closed. Unbiased for the squared error at that many bins, hence negative at times.
 */
export function debiasedPlugIn(
  predicted: ArrayLike<number>,
  observed: ArrayLike<number>,
  bins: number,
): number {
  const held = new Map<number, { n: number; sum: number; squares: number }>();
  for (let i = 0; i < predicted.length; i++) {
    const bin = binOf(predicted[i]!, bins);
    const of = held.get(bin) ?? { n: 0, sum: 0, squares: 0 };
    const residual = observed[i]! - predicted[i]!;
    held.set(bin, { n: of.n + 1, sum: of.sum + residual, squares: of.squares + residual ** 2 });
  }
  let total = 0;
  for (const { n, sum, squares } of held.values()) total += (sum ** 2 - squares) / n;
  return total / predicted.length;
}

const binOf = (p: number, bins: number) => Math.min(bins - 1, Math.floor(p * bins));

/** Largest b of the numbers of bins 2^b: floor(2 log2(n / sqrt(log n))). 0 where there are too few examples to try any. */
export function scalesOf(n: number): number {
  return n < 2 ? 0 : Math.max(0, Math.floor(2 * Math.log2(n / Math.sqrt(Math.log(n)))));
}

/**
 * Simulations and examples together are kept below this: 3,000 up to 10,000 examples, 300 of 100,000 (25 s), and never fewer
 * than 100, from which the spread is known to 7 %.
 */
const BUDGET = 3e7;

/** Estimates that are equal but for the order of their sums count as equal: p is then never too small. */
const ROUNDING = 1e-12;

/** How many calibrated data sets of n examples are simulated. */
export const tCalSimulations = (n: number): number =>
  Math.max(100, Math.min(3000, Math.floor(BUDGET / Math.max(1, n))));

/**
 * The adaptive test. Calibrated data sets are simulated by consistency resampling (Bröcker & Smith 2007): confidences are
 * drawn with replacement, outcomes as Bernoulli(confidence). At each scale, p is the share of simulations, the data
 * themselves counted in, whose estimate is at least as large; the smallest, times the number of scales, is the p-value.
 * Where the estimate exceeds all simulations, that share says no more than their number, which the scales then multiply: with
 * 1,000 of them, p could never fall below 0.02. There, Cantelli's inequality bounds the chance from how many standard deviations
 * of the simulations lie between, if it is the smaller. p = 1 for fewer than two examples. The order of the examples does not matter.
 * @param predicted (n) in [0, 1]
 * @param observed (n) 0 or 1
 */
export function tCal(
  predicted: ArrayLike<number>,
  observed: ArrayLike<number>,
  { seed, simulations = tCalSimulations(predicted.length) }: { seed: number; simulations?: number },
): TCal {
  const n = predicted.length;
  const scales = scalesOf(n);
  if (scales === 0) return { p: 1, scales, simulations: 0, bins: 1, error: Number.NaN };
  const { order } = orderedGroups(predicted);
  const p = Float64Array.from(order, (i) => predicted[i]!);
  const merges = mergesOf(p, scales);
  const once = new Float64Array(n).fill(1);
  const statistics = estimates(
    merges,
    p,
    once,
    Float64Array.from(order, (i) => observed[i]!),
  );
  const asLarge = new Int32Array(scales).fill(1);
  const [sums, squares] = [new Float64Array(scales), new Float64Array(scales)];
  const [times, ones] = [new Float64Array(n), new Float64Array(n)];
  const draws = new Float64Array(2 * n);
  for (let s = 0; s < simulations; s++) {
    stream({ seed, purpose: 'calibration/t-cal', example: 0, step: s }).uniforms(draws);
    times.fill(0);
    ones.fill(0);
    for (let i = 0; i < n; i++) {
      const drawn = Math.floor(draws[i]! * n);
      times[drawn]!++;
      if (draws[n + i]! < p[drawn]!) ones[drawn]!++;
    }
    const simulated = estimates(merges, p, times, ones);
    for (let b = 0; b < scales; b++) {
      if (simulated[b]! >= statistics[b]! - ROUNDING) asLarge[b]!++;
      sums[b]! += simulated[b]!;
      squares[b]! += simulated[b]! ** 2;
    }
  }
  const chances = statistics.map((error, b) => {
    const share = asLarge[b]! / (simulations + 1);
    const mean = sums[b]! / simulations;
    return asLarge[b]! > 1
      ? share
      : Math.min(share, cantelli(error - mean, squares[b]! / simulations - mean ** 2));
  });
  const best = chances.indexOf(Math.min(...chances));
  return {
    p: Math.min(1, scales * chances[best]!),
    scales,
    simulations,
    bins: 2 ** (best + 1),
    error: statistics[best]!,
  };
}

/** The most that the chance of lying so far above the mean can be, whatever the distribution; 1 where nothing varies. */
const cantelli = (above: number, variance: number): number =>
  above > 0 && variance > 0 ? variance / (variance + above ** 2) : 1;

/**
 * Which bins become one at each scale, finest first, as pairs of the sorted examples that they begin at: the second joins the
 * first. Every example begins as a bin of its own. There are n - 1 at most, over all scales.
 */
function mergesOf(p: Float64Array, scales: number): Int32Array[] {
  let starts = Array.from(p.keys());
  return Array.from({ length: scales }, (_, l) => {
    const bins = 2 ** (scales - l);
    const pairs: number[] = [];
    const left: number[] = [];
    for (const at of starts) {
      const into = left.at(-1);
      if (into !== undefined && binOf(p[into]!, bins) === binOf(p[at]!, bins)) pairs.push(into, at);
      else left.push(at);
    }
    starts = left;
    return Int32Array.from(pairs);
  });
}

/** The debiased estimate at every scale, coarsest first, of sorted examples of which each was drawn some times. */
function estimates(
  merges: readonly Int32Array[],
  p: Float64Array,
  times: Float64Array,
  ones: Float64Array,
): Float64Array {
  const count = Float64Array.from(times);
  const sum = Float64Array.from(p, (value, i) => ones[i]! - times[i]! * value);
  const squares = Float64Array.from(p, (value, i) => ones[i]! * (1 - 2 * value) + times[i]! * value ** 2);
  const term = (b: number) => (count[b]! > 0 ? (sum[b]! ** 2 - squares[b]!) / count[b]! : 0);
  let [total, error] = [-0, -0];
  for (let b = 0; b < p.length; b++) {
    total += times[b]!;
    error += term(b);
  }
  const statistics = new Float64Array(merges.length);
  merges.forEach((pairs, l) => {
    for (let at = 0; at < pairs.length; at += 2) {
      const [into, from] = [pairs[at]!, pairs[at + 1]!];
      error -= term(into) + term(from);
      count[into]! += count[from]!;
      sum[into]! += sum[from]!;
      squares[into]! += squares[from]!;
      error += term(into);
    }
    statistics[merges.length - 1 - l] = error / total;
  });
  return statistics;
}
