import { equalMass, equalWidth } from '../../metrics/calibration/binning.js';
import { binningConventions } from '../../metrics/calibration/binning-conventions.js';
import {
  classwiseEceStatistic,
  ece,
  mce,
  rmsCalibrationError,
  signedGap,
} from '../../metrics/calibration/calibration.js';
import {
  type CalibrationMetric,
  calibrationMetrics,
  type MetricOptions,
} from '../../metrics/calibration/calibration-metrics.js';
import { drawnBinSums, drawnGaps } from '../../metrics/calibration/drawn-bins.js';
import { meanEceOfDraws } from '../../metrics/calibration/mean-ece.js';
import { drawn } from '../../metrics/resampling/draw-counts.js';
import { largestLogits, softmax } from '../../metrics/softmax.js';
import type { ExampleStatistic, Options } from './statistic.js';

const booleans = (column: Float64Array) => Uint8Array.from(column);

/** Statistics of confidences in bins of equal width. */
const binned = (name: string, of: typeof ece): ExampleStatistic => ({
  kind: 'examples',
  name,
  roles: ['confidence', 'outcome'],
  options: ['bins'],
  test: 'paired-bootstrap',
  of({ confidence, outcome }, { bins }) {
    const sums = drawnBinSums(equalWidth(confidence, Number(bins)), confidence, booleans(outcome));
    return (times) => of(sums(times));
  },
});

/** Probabilities of the logits of a sheet, which has the nine digits that name a float32. */
function probabilitiesOf(logits: Float64Array, n: number, temperature: number) {
  const classes = logits.length / n;
  return { n, classes, data: softmax({ n, classes, data: Float32Array.from(logits) }, temperature) };
}

const ofMetric = (metric: CalibrationMetric): ExampleStatistic => {
  const { name, options } = metric;
  const about = { kind: 'examples', name, test: 'paired-bootstrap' } as const;
  const chosen = (given: Options): MetricOptions => ({
    bins: Number(given.bins),
    threshold: Number(given.threshold),
    bandwidth: Number(given.bandwidth),
    positiveClass: Number(given.positiveClass),
  });
  return metric.of === 'top-label'
    ? {
        ...about,
        roles: ['confidence', 'outcome'],
        options,
        of: ({ confidence, outcome }, given) =>
          metric.statistic({ confidence, outcome: booleans(outcome) }, chosen(given)),
      }
    : {
        ...about,
        roles: ['logits', 'label'],
        options,
        own: ['temperature'],
        of: ({ logits, label }, given) =>
          metric.statistic(
            probabilitiesOf(logits, label.length, Number(given.temperature)),
            label,
            chosen(given),
          ),
      };
};

/** Calibration errors as other code computes them. */
const conventions = binningConventions.map(({ name, bins: value, of: statistic }): ExampleStatistic => {
  return {
    kind: 'examples',
    name,
    roles: [value === 'max-logit' ? 'logits' : 'confidence', 'outcome'],
    options: ['bins'],
    test: 'paired-bootstrap',
    of: ({ logits, confidence, outcome }, { bins }) => {
      const n = outcome.length;
      const values =
        value === 'max-logit' ? largestLogits({ n, classes: logits.length / n, data: logits }) : confidence;
      return statistic(values, outcome, Number(bins));
    },
  };
});

/** Whether confidence is the chance of being right. */
export const ofCalibration: readonly ExampleStatistic[] = [
  binned('ece', ece),
  {
    kind: 'examples',
    name: 'mean-ece',
    roles: ['confidence', 'outcome'],
    options: ['bins', 'settings'],
    test: 'paired-bootstrap',
    of({ confidence, outcome }, { bins, settings: width }) {
      const settings = Array.from({ length: Number(width) }, (_, k) => {
        const own = (_: number, at: number) => at % Number(width) === k;
        return { confidence: confidence.filter(own), correct: booleans(outcome.filter(own)) };
      });
      return meanEceOfDraws(settings, Number(bins));
    },
  },
  binned('mce', mce),
  binned('rms-ce', rmsCalibrationError),
  binned('signed-gap', signedGap),
  {
    kind: 'examples',
    name: 'ece-equal-mass',
    roles: ['confidence', 'outcome'],
    options: ['bins'],
    test: 'paired-bootstrap',
    of({ confidence, outcome }, { bins }) {
      const gaps = drawnGaps(equalMass(confidence, Number(bins)), confidence, booleans(outcome));
      return (times) => gaps(times) / drawn(times);
    },
  },
  {
    kind: 'examples',
    name: 'classwise-ece',
    roles: ['logits', 'label'],
    options: ['bins'],
    own: ['temperature'],
    test: 'paired-bootstrap',
    of({ logits, label }, { bins, temperature }) {
      const probabilities = probabilitiesOf(logits, label.length, Number(temperature));
      return classwiseEceStatistic(probabilities, label, Number(bins));
    },
  },
  ...calibrationMetrics.map(ofMetric),
  ...conventions,
];
