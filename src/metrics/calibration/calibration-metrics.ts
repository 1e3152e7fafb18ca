import type { Estimate } from '../estimates/estimate.js';
import { meanOfDraws } from '../resampling/draw-counts.js';
import { adaptiveEce } from './adaptive-ece.js';
import { type BinSums, equalMass, equalWidth } from './binning.js';
import {
  brierReliability,
  brierResolution,
  brierScores,
  brierUncertainty,
  corpParts,
  withinBinTerm,
} from './brier.js';
import { ece, ofClass, type Probabilities, rmsCalibrationError } from './calibration.js';
import { canonicalKernelEce, canonicalKernelEceEstimate } from './canonical-kernel-ece.js';
import { debiasedL1, debiasedSquare, marginalDebiasedSquare } from './debiased-calibration.js';
import { drawnBinSums } from './drawn-bins.js';
import { kernelEce, kernelEceEstimate } from './kernel-ece.js';
import { smoothEce } from './smooth-ece.js';
import { sweepEce } from './sweep-ece.js';

/*
 * Measures of calibration beyond ECE and its kin, a row each: what it is made from, what of the options it depends on, and
 * its statistic of resamples. Suites show them, and comparisons make them again from sheets, by the same row.
 */

/** Confidence in the top label, (n) in [0, 1], and whether it was right, (n) 0 or 1. */
export interface TopLabel {
  confidence: Float64Array;
  outcome: Uint8Array;
}

/** What of a suite's options a metric depends on. */
export interface MetricOptions {
  bins: number;
  /** TACE: probabilities at or below it are left out. */
  threshold: number;
  /** Of kernel regression. */
  bandwidth: number;
  /** Whose probability is looked at, where it is not that of the top label. */
  positiveClass: number;
}

interface Row {
  /** In run files, of the measure and of the statistic. */
  name: string;
  title: string;
  /** What it is, and its source. */
  description: string;
  options: readonly (keyof MetricOptions)[];
  unit: 'percent' | 'number';
  better: 'lower' | 'higher' | 'none';
  /** Its resamples are biased: the interval is centred on the value. */
  centred?: boolean;
  within?: readonly [number, number];
  /** A sum of absolute mean gaps: the most that one example adds (`asFarAsUnseen`). */
  gap?: number;
  /** Where it costs too much for all resamples: how many at most. */
  resamples?: number;
}

/** Returns a function of how often each example was drawn, (n). */
export type CalibrationMetric = Row &
  (
    | {
        of: 'top-label';
        statistic(data: TopLabel, options: MetricOptions): (times: Uint8Array) => number;
        /** Its own interval, in place of a bootstrap. */
        estimate?(data: TopLabel, options: MetricOptions): Estimate;
      }
    | {
        of: 'classes';
        statistic(
          p: Probabilities,
          labels: ArrayLike<number>,
          options: MetricOptions,
        ): (times: Uint8Array) => number;
        estimate?(p: Probabilities, labels: ArrayLike<number>, options: MetricOptions): Estimate;
      }
  );

const share = { unit: 'percent', better: 'lower', centred: true, within: [0, 1] } as const;

/** A function of the sums over bins. */
const binned =
  (cut: typeof equalWidth, of: (sums: BinSums) => number) =>
  ({ confidence, outcome }: TopLabel, { bins }: MetricOptions) => {
    const sums = drawnBinSums(cut(confidence, bins), confidence, outcome);
    return (times: Uint8Array) => of(sums(times));
  };

export const calibrationMetrics: readonly CalibrationMetric[] = [
  {
    name: 'brier',
    title: 'Brier score',
    description: 'squared distance of the probabilities from the label, summed over classes (Brier 1950)',
    of: 'classes',
    options: [],
    unit: 'number',
    better: 'lower',
    statistic: (p, labels) => meanOfDraws(brierScores(p, labels)),
  },
  {
    name: 'smooth-ece',
    title: 'Smooth ECE',
    description:
      'residuals smoothed by a reflected Gaussian kernel whose width is the error itself; needs no bins (Błasiok & Nakkiran 2023)',
    of: 'top-label',
    options: [],
    ...share,
    gap: 1,
    resamples: 200,
    statistic({ confidence, outcome }) {
      const errors = smoothEce(confidence, outcome);
      return (times) => errors(times).value;
    },
  },
  {
    name: 'rms-ce-equal-mass',
    title: 'RMS calibration error, equal-mass bins',
    description: 'root of the mean squared gap over bins that hold equally many (Hendrycks et al. 2019)',
    of: 'top-label',
    options: ['bins'],
    ...share,
    statistic: binned(equalMass, rmsCalibrationError),
  },
  {
    name: 'debiased-square',
    title: 'Debiased squared calibration error',
    description:
      'the mean squared gap over bins of equal mass, less what sampling adds to it; can be negative (Kumar et al. 2019)',
    of: 'top-label',
    options: ['bins'],
    unit: 'number',
    better: 'lower',
    centred: true,
    statistic: binned(equalMass, debiasedSquare),
  },
  {
    name: 'debiased-ece',
    title: 'Debiased ECE',
    description:
      'ECE over bins of equal mass, less what sampling adds to it on average; can be negative (Kumar et al. 2019)',
    of: 'top-label',
    options: ['bins'],
    unit: 'percent',
    better: 'lower',
    centred: true,
    statistic: binned(equalMass, debiasedL1),
  },
  {
    name: 'debiased-square-marginal',
    title: 'Debiased squared calibration error, marginal',
    description:
      'the same of the probability of each class, and the mean over classes; can be negative (Kumar et al. 2019)',
    of: 'classes',
    options: ['bins'],
    unit: 'number',
    better: 'lower',
    centred: true,
    statistic: (p, labels, { bins }) => marginalDebiasedSquare(p, labels, bins),
  },
  {
    name: 'ece-sweep',
    title: 'ECE with swept bins',
    description:
      'ECE over as many bins of equal mass as leave accuracy rising with confidence (Roelofs et al. 2022)',
    of: 'top-label',
    options: [],
    ...share,
    gap: 1,
    statistic({ confidence, outcome }) {
      const errors = sweepEce(confidence, outcome);
      return (times) => errors(times).value;
    },
  },
  {
    name: 'kde-ece',
    title: 'KDE-ECE',
    description:
      'mean gap to a kernel regression of accuracy on confidence, Beta kernel (Popordanoska et al. 2022); up to 20,000 examples',
    of: 'top-label',
    options: ['bandwidth'],
    unit: 'percent',
    better: 'lower',
    statistic: ({ confidence, outcome }, { bandwidth }) => kernelEce(confidence, outcome, bandwidth),
    estimate: ({ confidence, outcome }, { bandwidth }) => kernelEceEstimate(confidence, outcome, bandwidth),
  },
  {
    name: 'kde-ece-canonical',
    title: 'KDE-ECE, canonical',
    description:
      'mean L1 distance of the probabilities of all classes from a kernel regression of the labels on them, Dirichlet kernel (Popordanoska et al. 2022); up to 10,000 examples of ten classes',
    of: 'classes',
    options: ['bandwidth'],
    unit: 'number',
    better: 'lower',
    statistic: (p, labels, { bandwidth }) => canonicalKernelEce(p, labels, bandwidth),
    estimate: (p, labels, { bandwidth }) => canonicalKernelEceEstimate(p, labels, bandwidth),
  },
  {
    name: 'ace',
    title: 'ACE',
    description: 'classwise ECE over bins of equal mass (Nixon et al. 2019)',
    of: 'classes',
    options: ['bins'],
    ...share,
    statistic: (p, labels, { bins }) => adaptiveEce(p, labels, bins),
  },
  {
    name: 'tace',
    title: 'TACE',
    description: 'ACE of the probabilities above a threshold (Nixon et al. 2019)',
    of: 'classes',
    options: ['bins', 'threshold'],
    ...share,
    statistic: (p, labels, { bins, threshold }) => adaptiveEce(p, labels, bins, threshold),
  },
  {
    name: 'positive-class-ece',
    title: 'Positive-class ECE',
    description:
      'ECE of the probability of one class against whether it is the label; not that of the top label, also with two classes',
    of: 'classes',
    options: ['bins', 'positiveClass'],
    ...share,
    gap: 1,
    statistic(p, labels, { bins, positiveClass }) {
      const { column, isClass } = ofClass(positiveClass, p, labels);
      const sums = drawnBinSums(equalWidth(column, bins), column, isClass);
      return (times) => ece(sums(times));
    },
  },
  {
    of: 'top-label',
    unit: 'number',
    name: 'brier-reliability',
    title: 'Reliability (Brier, top label)',
    description: 'mean squared gap of bins between confidence and accuracy (Murphy 1973)',
    options: ['bins'],
    better: 'lower',
    centred: true,
    within: [0, 1],
    statistic: binned(equalWidth, brierReliability),
  },
  {
    of: 'top-label',
    unit: 'number',
    name: 'brier-resolution',
    title: 'Resolution (Brier, top label)',
    description: 'how far the accuracies of bins are from the accuracy of all, squared (Murphy 1973)',
    options: ['bins'],
    better: 'higher',
    centred: true,
    within: [0, 1],
    statistic: binned(equalWidth, brierResolution),
  },
  {
    of: 'top-label',
    unit: 'number',
    name: 'brier-uncertainty',
    title: 'Uncertainty (Brier, top label)',
    description: 'variance of being right: the score of a confidence that is the accuracy (Murphy 1973)',
    options: ['bins'],
    better: 'none',
    statistic: binned(equalWidth, brierUncertainty),
  },
  {
    of: 'top-label',
    unit: 'number',
    name: 'brier-within-bins',
    title: 'Within bins (Brier, top label)',
    description:
      'what differences within bins add: variance of the confidence - 2 covariance with being right (Stephenson et al. 2008)',
    options: ['bins'],
    better: 'none',
    // Resamples vary less within a bin than examples do.
    centred: true,
    statistic({ confidence, outcome }, { bins }) {
      return withinBinTerm(equalWidth(confidence, bins), confidence, outcome);
    },
  },
  {
    of: 'top-label',
    unit: 'number',
    name: 'brier-miscalibration',
    title: 'Miscalibration (Brier, top label)',
    description:
      'what the best increasing recalibration takes off the score; needs no bins (CORP, Dimitriadis et al. 2021)',
    options: [],
    better: 'lower',
    centred: true,
    within: [0, 1],
    statistic({ confidence, outcome }) {
      const parts = corpParts(confidence, outcome);
      return (times) => parts(times).miscalibration;
    },
  },
  {
    of: 'top-label',
    unit: 'number',
    name: 'brier-discrimination',
    title: 'Discrimination (Brier, top label)',
    description:
      'how much better than the accuracy that recalibration predicts (CORP, Dimitriadis et al. 2021)',
    options: [],
    better: 'higher',
    centred: true,
    within: [0, 1],
    statistic({ confidence, outcome }) {
      const parts = corpParts(confidence, outcome);
      return (times) => parts(times).discrimination;
    },
  },
];
