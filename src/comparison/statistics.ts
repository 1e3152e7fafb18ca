import { equalMass, equalWidth } from '../metrics/binning.js';
import { binningConventions } from '../metrics/binning-conventions.js';
import { classwiseEceStatistic, ece, mce, rmsCalibrationError, signedGap } from '../metrics/calibration.js';
import {
  type CalibrationMetric,
  calibrationMetrics,
  type MetricOptions,
} from '../metrics/calibration-metrics.js';
import { classwiseCoverageGap, sizeStratifiedViolation } from '../metrics/conformal/conditional-coverage.js';
import type { Placements } from '../metrics/delong.js';
import { drawn, meanOfDraws } from '../metrics/draw-counts.js';
import { drawnBinSums, drawnGaps } from '../metrics/drawn-bins.js';
import { drawnQuantile } from '../metrics/drawn-quantile.js';
import { splitInceptionScores } from '../metrics/inception-score.js';
import { meanEceOfDraws } from '../metrics/mean-ece.js';
import { meanRatioOfDraws } from '../metrics/mean-ratio.js';
import { type OpenOodMetrics, openOodMetrics } from '../metrics/openood-metrics.js';
import { openSetPlacements } from '../metrics/oscr.js';
import { compareScores, type RankingMetrics, rankScores } from '../metrics/ranking.js';
import { drawnScod } from '../metrics/scod.js';
import { type SelectiveAreas, selectiveAreas } from '../metrics/selective-areas.js';
import { largestLogits, softmax } from '../metrics/softmax.js';
import { deviationOfDraws } from '../metrics/spread.js';
import { Registry } from '../registry.js';
import type { MeasureRows } from '../suites/results.js';
import { type Group, meansOfLists, type RowsOfMeasure, smallestByExample } from './groups.js';
import type { MeasureWithRows } from './read-rows.js';

type Options = NonNullable<MeasureRows['options']>;
type Columns = Group['columns'];

/** What a number is of the columns of a sheet. */
export type Statistic = ExampleStatistic | RankingStatistic | DetectionStatistic | TwoSampleStatistic;

/** Of one group of examples. */
export interface ExampleStatistic {
  kind: 'examples';
  name: string;
  /** The columns that it is made from. */
  roles: readonly string[];
  /** Of these, which say what is computed; two values with other ones cannot be compared. */
  options?: readonly string[];
  /** Options that belong to the system. */
  own?: readonly string[];
  test: 'mcnemar' | 'paired-bootstrap';
  /**
   * What says at any time between which values it lies, of examples that come in a random order: the confidence sequence of
   * shares. A rule on it can then be decided before all are seen.
   */
  sequence?: 'share';
  /** Where examples have several rows: what makes one of them. */
  fold?(group: Group): Group;
  /** A function of how often each example was drawn, (n): of each once, the value. */
  of(columns: Columns, options: Options): (times: Uint8Array) => number;
}

/** Of ID examples against OOD examples; against several sets, the unweighted mean. */
export interface RankingStatistic {
  kind: 'ranking';
  name: string;
  roles: readonly ['score'];
  metric: keyof RankingMetrics;
  test: 'delong' | 'paired-bootstrap';
  /** The OOD examples are changed forms of the ID ones, in their order: what one adds is one number. */
  matched?: true;
}

/**
 * Of ID examples, by more than their scores, or in ways of their own, against OOD examples; against several sets, the
 * unweighted mean.
 */
export type DetectionStatistic = {
  kind: 'detection';
  name: string;
  roles: readonly ['score'] | readonly ['score', 'outcome'];
  options?: readonly string[];
} & (
  | { test: 'delong'; placed(id: Columns, ood: Columns): Placements }
  | {
      test: 'paired-bootstrap';
      of(id: Columns, ood: Columns, options: Options): (timesId: Uint8Array, timesOod: Uint8Array) => number;
    }
);

/** Of examples against those of other data sets; against several, the unweighted mean. */
export interface TwoSampleStatistic {
  kind: 'two-sample';
  name: string;
  roles: readonly ['value'];
  test: 'paired-bootstrap';
  of(values: Float64Array, against: Float64Array): number;
}

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
      const values = logits ? largestLogits({ n, classes: logits.length / n, data: logits }) : confidence;
      return statistic(values, outcome, Number(bins));
    },
  };
});

const ranking = (
  name: string,
  metric: keyof RankingMetrics,
  test: RankingStatistic['test'] = 'paired-bootstrap',
): RankingStatistic => ({ kind: 'ranking', name, roles: ['score'], metric, test });

const selective = (name: string, area: keyof SelectiveAreas): ExampleStatistic => ({
  kind: 'examples',
  name,
  roles: ['score', 'outcome'],
  test: 'paired-bootstrap',
  of({ score, outcome }) {
    const areas = selectiveAreas(
      score,
      outcome.map((right) => 1 - right),
    );
    return (times) => areas(times)[area];
  },
});

const scod = (name: string, area: keyof SelectiveAreas): DetectionStatistic => ({
  kind: 'detection',
  name,
  roles: ['score', 'outcome'],
  options: ['oodCost'],
  test: 'paired-bootstrap',
  of(id, ood, { oodCost }) {
    const areas = drawnScod(rankScores(id.score, ood.score), id.outcome, Number(oodCost));
    return (timesId, timesOod) => areas(timesId, timesOod)[area];
  },
});

const openOod = (name: string, metric: keyof OpenOodMetrics): DetectionStatistic => ({
  kind: 'detection',
  name,
  roles: ['score'],
  test: 'paired-bootstrap',
  of(id, ood) {
    const metrics = openOodMetrics(id.score, ood.score);
    return (timesId, timesOod) => metrics(timesId, timesOod)[metric];
  },
});

const meanOfAll = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;

const share: ExampleStatistic = {
  kind: 'examples',
  name: 'share',
  roles: ['outcome'],
  test: 'mcnemar',
  sequence: 'share',
  of: ({ outcome }) => meanOfDraws(outcome),
};

const rows: readonly Statistic[] = [
  share,
  /** The share of examples that have the outcome in all of their rows. */
  { ...share, name: 'share-in-all', fold: smallestByExample },
  {
    kind: 'examples',
    name: 'mean',
    roles: ['value'],
    test: 'paired-bootstrap',
    of: ({ value }) => meanOfDraws(value),
  },
  /** The mean over examples of the mean of what they list: of a share, over settings that all examples are in. */
  {
    kind: 'examples',
    name: 'mean-of-list',
    roles: ['value'],
    test: 'paired-bootstrap',
    fold: meansOfLists,
    of: ({ value }) => meanOfDraws(value),
  },
  {
    kind: 'examples',
    name: 'quantile',
    roles: ['value'],
    options: ['q'],
    test: 'paired-bootstrap',
    of: ({ value }, { q }) => drawnQuantile(value, Number(q)),
  },
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
  {
    kind: 'examples',
    name: 'mean-ratio',
    roles: ['value', 'reference'],
    options: ['ratios'],
    test: 'paired-bootstrap',
    of: ({ value, reference }, { ratios }) => meanRatioOfDraws(value, reference, Number(ratios)),
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
  {
    kind: 'examples',
    name: 'sd',
    roles: ['value'],
    test: 'paired-bootstrap',
    of: ({ value }) => deviationOfDraws(value),
  },
  selective('aurc', 'aurc'),
  selective('augrc', 'augrc'),
  selective('aurc-fd-shifts', 'aurcFdShifts'),
  selective('augrc-fd-shifts', 'augrcFdShifts'),
  {
    kind: 'examples',
    name: 'size-stratified-violation',
    roles: ['value', 'outcome'],
    options: ['alpha'],
    test: 'paired-bootstrap',
    of: ({ value, outcome }, { alpha }) => sizeStratifiedViolation(value, outcome, Number(alpha)),
  },
  {
    kind: 'examples',
    name: 'class-coverage-gap',
    roles: ['label', 'outcome'],
    options: ['alpha'],
    test: 'paired-bootstrap',
    of: ({ label, outcome }, { alpha }) => classwiseCoverageGap(label, outcome, Number(alpha)),
  },
  {
    kind: 'two-sample',
    name: 'mean-difference',
    roles: ['value'],
    test: 'paired-bootstrap',
    of: (values, against) => meanOfAll(values) - meanOfAll(against),
  },
  {
    kind: 'examples',
    name: 'inception-score',
    roles: ['logits'],
    options: ['splits'],
    own: ['classes'],
    test: 'paired-bootstrap',
    of({ logits }, { splits, classes }) {
      const table = { n: logits.length / Number(classes), classes: Number(classes), data: logits };
      return (times) => {
        const parts = splitInceptionScores(table, Number(splits), times);
        return parts.reduce((sum, score) => sum + score, 0) / parts.length;
      };
    },
  },
  ranking('auroc', 'auroc', 'delong'),
  { ...ranking('auroc-matched', 'auroc', 'delong'), matched: true },
  ranking('aupr-in', 'auprIn'),
  ranking('aupr-out', 'auprOut'),
  ranking('fpr95-id-positive', 'fpr95IdPositive'),
  ranking('fpr95-ood-positive', 'fpr95OodPositive'),
  ranking('detection-error', 'detectionError'),
  {
    kind: 'detection',
    name: 'oscr',
    roles: ['score', 'outcome'],
    test: 'delong',
    placed: (id, ood) => openSetPlacements(rankScores(id.score, ood.score), id.outcome),
  },
  scod('scod-aurc', 'aurc'),
  scod('scod-augrc', 'augrc'),
  openOod('fpr95-openood', 'fpr95'),
  openOod('aupr-in-trapezoid', 'auprIn'),
  openOod('aupr-out-trapezoid', 'auprOut'),
];

/** What `rows.statistic` of a measure can be. */
export const statistics = Registry.of<Statistic>('statistic', rows);

/** The rows as the statistic wants them: one for each example. */
export function foldedRows(statistic: Statistic, rows: RowsOfMeasure): RowsOfMeasure {
  if (statistic.kind !== 'examples' || !statistic.fold) return rows;
  return { ...rows, examples: statistic.fold(rows.examples) };
}

/** The value of a measure, from its rows alone. Errors: `unknown-name` for a statistic that there is not. */
export function valueFromRows(measure: MeasureWithRows, rows: RowsOfMeasure): number {
  return valueOfFolded(measure, foldedRows(statistics.named(measure.rows.statistic), rows));
}

/** The same, of rows that are folded already. */
export function valueOfFolded(
  { rows: { statistic: name, options = {} } }: MeasureWithRows,
  rows: RowsOfMeasure,
): number {
  const { examples, against } = rows;
  const statistic = statistics.named(name);
  if (statistic.kind === 'examples') {
    const once = new Uint8Array(examples.indices.length).fill(1);
    return statistic.of(examples.columns, options)(once);
  }
  const values = against.map((set) => againstOne(statistic, examples, set, options));
  return values.reduce((a, b) => a + b, 0) / values.length;
}

function againstOne(
  statistic: Exclude<Statistic, ExampleStatistic>,
  examples: Group,
  set: Group,
  options: Options,
): number {
  const [own, other] = [examples.columns, set.columns];
  if (statistic.kind === 'two-sample') return statistic.of(own.value, other.value);
  if (statistic.kind === 'ranking') return compareScores(own.score, other.score)[statistic.metric];
  if (statistic.test === 'delong') return statistic.placed(own, other).auroc;
  const [onceOwn, onceOther] = [examples, set].map(({ indices }) => new Uint8Array(indices.length).fill(1));
  return statistic.of(own, other, options)(onceOwn, onceOther);
}
