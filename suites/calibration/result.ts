import type { OutputRows } from '../../src/measurements.js';
import {
  type Binning,
  binSums,
  type Classified,
  classify,
  classwiseEceStatistic,
  consistencyBand,
  drawnBinSums,
  drawnGaps,
  type Estimate,
  ece,
  equalMass,
  equalWidth,
  exponentials,
  type FittedRecalibrator,
  groupOrder,
  ifCalibrated,
  jointBootstrap,
  logSoftmax,
  mce,
  meanOfDraws,
  ONE_BY_ONE,
  ofUnits,
  quantile,
  type Recalibrator,
  type RefusedRecalibrator,
  type ReliabilityBin,
  reliabilityBins,
  rmsCalibrationError,
  type Step,
  signedGap,
  type Units,
} from '../../src/metrics.js';
import type { Collected, DatasetInfo, MeasureDescription, MeasureRows, SystemInfo } from '../../src/suite.js';
import type { Fit, Picked } from './fit.js';

export type CalibrationMetric =
  | 'ece'
  | 'ece-equal-mass'
  | 'mce'
  | 'rms-ce'
  | 'classwise-ece'
  | 'signed-gap'
  | 'nll';

/** Calibration of some predictions at one temperature. */
export interface Calibration {
  classified: Classified;
  metrics: Record<CalibrationMetric, Estimate>;
  bins: ReliabilityBin[];
  /** ECE that a calibrated model with these confidences would get from as many examples: mean and 95 % range, if asked for. */
  floor: { mean: number; interval: [number, number] } | null;
}

/** A measure beyond ECE and its kin: its estimate, and everything else about it. */
export interface Further {
  about: Pick<MeasureDescription, 'measure' | 'title' | 'better' | 'format' | 'note'> & {
    params: Record<string, number>;
    rows?: Omit<MeasureRows, 'sheet' | 'where'>;
  };
  estimate: Estimate;
}

/** One system on one data set. */
export interface CalibrationResult {
  system: SystemInfo;
  dataset: DatasetInfo;
  collected: Collected<OutputRows>;
  /** All examples, as the model is. */
  whole: Calibration;
  fit: Fit;
  /** The reported examples, as the model is and with the fitted temperature. */
  before: Calibration;
  after?: Calibration;
  /** What was asked for beyond that, of all examples as the model is. */
  further: Further[];
  /** Where others than the temperature were asked for. */
  recalibrations?: Recalibrations;
}

/** What became of a recalibrator on the fitting examples, and of the reported ones by it. */
export interface Recalibrated {
  recalibrator: Recalibrator;
  fit: FittedRecalibrator | RefusedRecalibrator;
  reported?: Reported;
}

/** The reported examples after recalibration, beside what they were before. */
export interface Reported {
  calibration: Calibration;
  /** (n, classes) as float32. */
  logP: Float32Array;
  accuracy: Estimate;
  /** After minus before, of the same examples. */
  nllChange: Estimate;
  eceChange: Estimate;
  accuracyChange: { value: number; interval: [number, number] | null; p: number };
  standing: Standing;
}

/** By NLL: the least, or not told apart from it by the paired interval, or worse. */
export type Standing = 'best' | 'not told apart' | 'worse';

/** Recalibrators beside each other, and the model as it is. */
export interface Recalibrations {
  before: Calibration;
  beforeAccuracy: Estimate;
  beforeStanding: Standing;
  each: Recalibrated[];
}

export interface CalibrationSettings {
  bins: number;
  resamples: number;
  seed: number;
  /** Simulate what a calibrated model would get. */
  floor?: boolean;
  step?: Step;
}

/** Above this many numbers to add, classwise ECE is bootstrapped with fewer resamples (never below 100). */
const CLASSWISE_BUDGET = 4e9;
/** The same where groups of examples are drawn: each has numbers in most bins of every class, all over the memory. */
const GROUPED_BUDGET = 1e9;

/** Resamples that the interval of classwise ECE rests on. */
export function classwiseResamples(n: number, classes: number, resamples: number): number {
  const budget = n > ONE_BY_ONE ? GROUPED_BUDGET : CLASSWISE_BUDGET;
  return Math.min(resamples, Math.max(100, Math.floor(budget / Math.max(1, n * classes))));
}

/**
 * All metrics at a temperature. Bin edges stay those of the data in every resample. The gaps of resamples are
 * larger than the gaps of the data for want of examples, so intervals of ECE and its kin are centred.
 * @param known what classification does to them, where it is known already
 * Errors: as `classify`.
 */
export function calibrationOf(
  { logits, labels }: Picked,
  temperature: number,
  { bins, resamples, seed, floor = false, step }: CalibrationSettings,
  known?: Classified,
): Calibration {
  const logP = logSoftmax(logits, temperature);
  const classified = known ?? classify(logits, labels, temperature, logP);
  const { n, classes, confidence, correct } = classified;
  const [width, mass] = [equalWidth(confidence, bins), equalMass(confidence, bins)];
  // Logarithms are not needed any more, and there are many.
  const probabilities = { n, classes, data: exponentials(logP) };
  const binned = (units?: Units) => {
    const sumsOf = drawnBinSums(width, confidence, correct, units);
    const massGaps = drawnGaps(mass, confidence, correct, units);
    const nll = meanOfDraws(classified.nll, units);
    return (times: Uint8Array) => {
      const sums = sumsOf(times);
      return {
        ece: ece(sums),
        mce: mce(sums),
        'rms-ce': rmsCalibrationError(sums),
        'ece-equal-mass': massGaps(times) / sums.n,
        'signed-gap': signedGap(sums),
        nll: nll(times),
      };
    };
  };
  const classwise = (units?: Units) => {
    const gaps = classwiseEceStatistic(probabilities, labels, bins, units);
    return (times: Uint8Array) => ({ 'classwise-ece': gaps(times) });
  };
  const metrics = jointBootstrap(
    n,
    [
      {
        ...ofUnits(binned),
        centred: ['ece', 'mce', 'rms-ce', 'ece-equal-mass'],
        gaps: { ece: 1, 'ece-equal-mass': 1 },
        within: [0, 1],
      },
      {
        ...ofUnits(classwise),
        resamples: classwiseResamples(n, classes, resamples),
        centred: ['classwise-ece'],
        gaps: { 'classwise-ece': 2 / classes },
        within: [0, 1],
      },
    ],
    { seed, resamples, step },
  );
  return {
    classified,
    metrics,
    bins: withBands(width, confidence, reliabilityBins(width, binSums(width, confidence, correct))),
    floor: n === 0 || !floor ? null : floorOf(ifCalibrated(width, confidence, ece, { seed })),
  };
}

/** Beside the interval of each bin's accuracy, where that of a calibrated model lies. */
function withBands({ bin }: Binning, confidence: Float64Array, bins: ReliabilityBin[]): ReliabilityBin[] {
  const { starts, order } = groupOrder(bin, bins.length);
  return bins.map((one, b) => {
    const within = order.subarray(starts[b]!, starts[b + 1]!);
    const band = within.length > 0 ? consistencyBand(Float64Array.from(within, (i) => confidence[i]!)) : null;
    return { ...one, band };
  });
}

function floorOf(simulated: Float64Array): { mean: number; interval: [number, number] } {
  return {
    mean: simulated.reduce((a, b) => a + b, 0) / simulated.length,
    interval: [quantile(simulated, 0.025), quantile(simulated, 0.975)],
  };
}
