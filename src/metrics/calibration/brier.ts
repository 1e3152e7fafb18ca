import { drawnGroupSums } from '../ranking/ordered-groups.js';
import { drawn } from '../resampling/draw-counts.js';
import type { Binning, BinSums } from './binning.js';
import type { Probabilities } from './calibration.js';
import { drawnBinSums } from './drawn-bins.js';
import { isotonic } from './isotonic.js';

/**
 * The Brier score of every example (Brier 1950): the squared distance between its probabilities and the label's unit
 * vector, summed over classes, from 0 to 2. Their mean is the score. @returns (n)
 */
export function brierScores({ n, classes, data }: Probabilities, labels: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += (data[i * classes + k]! - (labels[i] === k ? 1 : 0)) ** 2;
    return sum;
  });
}

/*
 * The parts of the Brier score of one outcome, mean (predicted - observed)^2, over bins (Murphy 1973):
 * reliability - resolution + uncertainty. Predictions within a bin differ, so that two parts are left
 * (Stephenson et al. 2008): + within-bin variance - 2 within-bin covariance. With both, the sum is exact.
 */

/** Mean squared gap of bins between mean predicted and mean observed: the square of the RMS calibration error. */
export const brierReliability = ({ n, count, predicted, observed }: BinSums): number =>
  overBins(count, (b) => (predicted[b]! - observed[b]!) ** 2 / count[b]!) / n;

/** Mean squared distance of the bins' mean observed from the mean over all. */
export function brierResolution({ n, count, observed }: BinSums): number {
  const base = total(observed) / n;
  return overBins(count, (b) => count[b]! * (observed[b]! / count[b]! - base) ** 2) / n;
}

/** Variance of the outcome: what a prediction of its mean scores. */
export function brierUncertainty({ n, observed }: BinSums): number {
  const base = total(observed) / n;
  return base * (1 - base);
}

const total = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);

function overBins(count: Float64Array, term: (bin: number) => number): number {
  let sum = 0;
  for (let b = 0; b < count.length; b++) if (count[b]! > 0) sum += term(b);
  return sum;
}

/** What differences within bins add to the score: variance - 2 covariance, of resamples. */
export function withinBinTerm(
  binning: Binning,
  predicted: Float64Array,
  observed: Uint8Array,
): (times: Uint8Array) => number {
  const { bin } = binning;
  const sumsOf = drawnBinSums(binning, predicted, observed);
  return (times) => {
    const { n, count, predicted: p, observed: y } = sumsOf(times);
    let sum = 0;
    for (let i = 0; i < bin.length; i++) {
      if (times[i] === 0) continue;
      const away = predicted[i]! - p[bin[i]!]! / count[bin[i]!]!;
      sum += times[i]! * (away ** 2 - 2 * away * (observed[i]! - y[bin[i]!]! / count[bin[i]!]!));
    }
    return sum / n;
  };
}

/** The parts without bins: score = miscalibration - discrimination + uncertainty. */
export interface CorpParts {
  score: number;
  /** What the best non-decreasing recalibration takes off the score. */
  miscalibration: number;
  /** How much better that recalibration is than the mean outcome. */
  discrimination: number;
  uncertainty: number;
}

/**
 * The CORP decomposition (Dimitriadis, Gneiting & Jordan 2021): isotonic regression in place of bins. Of resamples.
 * @param predicted (n) in [0, 1]
 * @param observed (n) 0 or 1
 */
export function corpParts(predicted: Float64Array, observed: Uint8Array): (times: Uint8Array) => CorpParts {
  const sumsOf = drawnGroupSums(predicted, observed);
  return (times) => {
    const n = drawn(times);
    const { count, predicted: p, observed: y } = sumsOf(times);
    const fitted = isotonic(count, y);
    let [score, recalibrated, ones] = [0, 0, 0];
    for (let g = 0; g < count.length; g++) {
      if (count[g] === 0) continue;
      score += squares(p[g]! / count[g]!, y[g]!, count[g]!);
      recalibrated += squares(fitted[g]!, y[g]!, count[g]!);
      ones += y[g]!;
    }
    const uncertainty = (ones / n) * (1 - ones / n);
    return {
      score: score / n,
      miscalibration: (score - recalibrated) / n,
      discrimination: uncertainty - recalibrated / n,
      uncertainty,
    };
  };
}

/** Sum over examples with one prediction of (predicted - observed)^2, `ones` of `count` having the outcome 1. */
const squares = (p: number, ones: number, count: number) => ones * (1 - p) ** 2 + (count - ones) * p ** 2;
