import { type Stream, stream } from '../../random/stream.js';
import { unit } from '../../random/unit.js';
import { wilson } from '../estimates/intervals.js';
import { drawnExamples } from '../resampling/draw-counts.js';
import { ONE_BY_ONE, singly, type Units } from '../resampling/resampling-units.js';
import { type Binning, type BinSums, binSums, equalMass, equalWidth } from './binning.js';
import { drawnGaps } from './drawn-bins.js';

/*
 * Statistics of binned predictions. `predicted` is the confidence of the top label and `observed` whether it was
 * right (top-label calibration), or the probability of one class and whether it was the label (positive-class).
 * Without examples every one is NaN.
 */

/** Expected calibration error: sum_b n_b / n |mean predicted - mean observed| (Naeini et al. 2015). */
export function ece({ n, predicted, observed }: BinSums): number {
  let sum = 0;
  for (let b = 0; b < predicted.length; b++) sum += Math.abs(predicted[b]! - observed[b]!);
  return sum / n;
}

/** Maximum calibration error: the largest gap of a bin that is not empty (Naeini et al. 2015). */
export function mce({ n, count, predicted, observed }: BinSums): number {
  let max = n === 0 ? Number.NaN : 0;
  for (let b = 0; b < count.length; b++) {
    if (count[b]! > 0) max = Math.max(max, Math.abs(predicted[b]! - observed[b]!) / count[b]!);
  }
  return max;
}

/** Root-mean-square calibration error: sqrt(sum_b n_b / n (mean predicted - mean observed)^2). */
export function rmsCalibrationError({ n, count, predicted, observed }: BinSums): number {
  let sum = 0;
  for (let b = 0; b < count.length; b++) {
    if (count[b]! > 0) sum += (predicted[b]! - observed[b]!) ** 2 / count[b]!;
  }
  return Math.sqrt(sum / n);
}

/** Mean predicted - mean observed: positive when over-confident. Needs no bins. */
export function signedGap({ n, predicted, observed }: BinSums): number {
  let sum = 0;
  for (let b = 0; b < predicted.length; b++) sum += predicted[b]! - observed[b]!;
  return sum / n;
}

/** Probabilities of every class: (n, classes), row-major. */
export interface Probabilities {
  n: number;
  classes: number;
  data: ArrayLike<number>;
}

/** The probability of class k, (n), and whether it is the label: positive-class calibration, of any number of classes. */
export function ofClass(k: number, { n, classes, data }: Probabilities, labels: ArrayLike<number>) {
  const [column, isClass] = [new Float64Array(n), new Uint8Array(n)];
  for (let i = 0; i < n; i++) {
    // Softmax in floating point may exceed 1 in the last bit.
    column[i] = Math.min(1, data[i * classes + k]!);
    isClass[i] = labels[i] === k ? 1 : 0;
  }
  return { column, isClass };
}

function meanOverClasses(
  p: Probabilities,
  labels: ArrayLike<number>,
  binning: (column: Float64Array) => Binning,
): number {
  let sum = 0;
  for (let k = 0; k < p.classes; k++) {
    const { column, isClass } = ofClass(k, p, labels);
    sum += ece(binSums(binning(column), column, isClass));
  }
  return sum / p.classes;
}

/** Classwise ECE: the mean over classes of the equal-width ECE of that class's probability (Kull et al. 2019). */
export function classwiseEce(p: Probabilities, labels: ArrayLike<number>, bins: number): number {
  return meanOverClasses(p, labels, (column) => equalWidth(column, bins));
}

/**
 * Adaptive calibration error: classwise, with bins of equal mass (Nixon et al. 2019, eq. 3). Bins are weighted
 * by their mass, which is the paper's plain mean where no ties make them uneven.
 */
export function ace(p: Probabilities, labels: ArrayLike<number>, bins: number): number {
  return meanOverClasses(p, labels, (column) => equalMass(column, bins));
}

/**
 * Classwise ECE of resamples, with the binning done once. Holds n x classes numbers.
 * @param units what is drawn; default: examples
 * @returns a statistic for `jointBootstrap`
 */
export function classwiseEceStatistic(
  p: Probabilities,
  labels: ArrayLike<number>,
  bins: number,
  units: Units = singly(p.n),
): (times: Uint8Array) => number {
  const each = Array.from({ length: p.classes }, (_, k) => {
    const { column, isClass } = ofClass(k, p, labels);
    return drawnGaps(equalWidth(column, bins), column, isClass, units);
  });
  const examples = drawnExamples(units);
  return (times) => each.reduce((sum, gaps) => sum + gaps(times), 0) / (examples(times) * p.classes);
}

export interface ReliabilityBin {
  lo: number;
  hi: number;
  n: number;
  /** Mean predicted probability; null in an empty bin, as are the next two. */
  confidence: number | null;
  /** Share of outcomes that were 1. */
  accuracy: number | null;
  /** Wilson interval of `accuracy`. */
  interval: [number, number] | null;
  /** Where the accuracy of a calibrated model with these confidences lies. */
  band?: [number, number] | null;
}

/** The bins of a reliability diagram. */
export function reliabilityBins({ edges }: Binning, sums: BinSums, level = 0.95): ReliabilityBin[] {
  return Array.from(sums.count, (n, b) => {
    const accuracy = wilson(sums.observed[b]!, n, level);
    return {
      lo: edges[b]!,
      hi: edges[b + 1]!,
      n,
      confidence: n > 0 ? sums.predicted[b]! / n : null,
      accuracy: n > 0 ? accuracy.value : null,
      interval: accuracy.interval,
    };
  });
}

/**
 * What a calibrated model with the same predictions would score: outcomes are drawn as Bernoulli(predicted)
 * (consistency resampling, Bröcker & Smith 2007). Binned ECE is biased upwards on finite samples, and this shows
 * by how much. Of more than `ONE_BY_ONE` predictions, bins of which the sum of outcomes varies by more than 20 draw this sum
 * from the normal distribution: its quantiles are off by at most 0.03 standard deviations, those of 200 simulations by 0.2.
 * @returns the statistic of each simulation, sorted
 */
export function ifCalibrated(
  binning: Binning,
  predicted: ArrayLike<number>,
  statistic: (sums: BinSums) => number,
  { seed, simulations = 200 }: { seed: number; simulations?: number },
): Float64Array {
  const sums = binSums(binning, predicted, new Uint8Array(predicted.length));
  const variance = new Float64Array(sums.count.length);
  for (let i = 0; i < predicted.length; i++)
    variance[binning.bin[i]!]! += predicted[i]! * (1 - predicted[i]!);
  const isNormal = (b: number) => predicted.length > ONE_BY_ONE && variance[b]! > NORMAL_ABOVE;
  const single = new Int32Array(predicted.length).map((_, i) => i).filter((i) => !isNormal(binning.bin[i]!));
  const limits = Float64Array.from(single, (i) => predicted[i]!);
  const bin = single.map((i) => binning.bin[i]!);
  const key = (of: string, s: number) => ({
    seed,
    purpose: `calibration/if-calibrated${of}`,
    example: 0,
    step: s,
  });
  return Float64Array.from({ length: simulations }, (_, s) => {
    addOutcomes(stream(key('', s)), limits, bin, sums.observed.fill(0));
    const draws = stream(key('/bins', s));
    for (let b = 0; b < variance.length; b++) {
      if (!isNormal(b)) continue;
      const sum = Math.round(sums.predicted[b]! + Math.sqrt(variance[b]!) * draws.normal());
      sums.observed[b] = Math.max(0, Math.min(sums.count[b]!, sum));
    }
    return statistic(sums);
  }).sort();
}

/** Above this variance a sum of outcomes is as good as normal. */
const NORMAL_ABOVE = 400;

/** Examples whose outcomes are drawn at a time. */
const AT_ONCE = 4096;

/** Adds an outcome of every example to its bin: 1 with the chance `limits`, as often as `uniform()` is below it. */
function addOutcomes(draws: Stream, limits: Float64Array, bin: Int32Array, observed: Float64Array): void {
  const words = new Uint32Array(2 * AT_ONCE);
  for (let start = 0; start < limits.length; start += AT_ONCE) {
    const n = Math.min(AT_ONCE, limits.length - start);
    draws.uint32s(n < AT_ONCE ? words.subarray(0, 2 * n) : words);
    for (let i = 0; i < n; i++) {
      const uniform = unit(words[2 * i]!, words[2 * i + 1]!);
      observed[bin[start + i]!]! += uniform < limits[start + i]! ? 1 : 0;
    }
  }
}
