import {
  delongEstimate,
  type Estimate,
  influenceEstimate,
  type OpenOodMetrics,
  type RankingMetric,
  rankingEstimate,
  type SelectiveAreas,
  twoSidedEstimate,
} from '../../src/metrics.js';
import type { Better, DatasetInfo } from '../../src/suite.js';
import type { OodOptions } from './options.js';
import type { Separation } from './result.js';

export interface MetricRow {
  /** Key of the measure, and name of its statistic. */
  id: string;
  title: string;
  better: Better;
  format: 'percent' | 'number';
  /** Over which averages of data sets. */
  averaged: readonly AverageId[];
  /** The metric of rankings that it is: how far rounding may move it is then known. */
  metric?: RankingMetric;
  /** Made with what is classified rightly, for labelled test sets and systems with classes. */
  outcome?: true;
  /** Options of its statistic. */
  options?: readonly 'oodCost'[];
  /** Computed only where these conventions are asked for. */
  convention?: OodOptions['conventions'][number];
  /** The metric of one set, or its unweighted mean over several. */
  estimate(separations: readonly Separation[]): Estimate;
}

type AverageId = 'mean' | 'near' | 'far';
const ALL: readonly AverageId[] = ['mean', 'near', 'far'];

const mean = (terms: readonly number[]) => terms.reduce((a, b) => a + b, 0) / terms.length;

const ranking = (
  row: Pick<MetricRow, 'id' | 'title' | 'better' | 'format' | 'averaged'> & { metric: RankingMetric },
): MetricRow => ({
  ...row,
  estimate: (separations) =>
    rankingEstimate(
      separations.map(({ replicates }) => replicates),
      row.metric,
    ),
});

const scod = (area: 'aurc' | 'augrc', title: string): MetricRow => ({
  id: `scod-${area}`,
  title,
  better: 'lower',
  format: 'number',
  averaged: ALL,
  outcome: true,
  options: ['oodCost'],
  estimate: (separations) => {
    const scods = separations.flatMap(({ open }) => (open ? [open.scod] : []));
    return influenceEstimate(
      mean(scods.map(({ areas }) => areas[area])),
      scods.map((one) => one[area]),
      { most: Math.max(1, ...separations.map(({ oodCost }) => oodCost)) },
    );
  },
});

const openOod = (
  id: string,
  metric: keyof OpenOodMetrics,
  title: string,
  format: MetricRow['format'],
): MetricRow => ({
  id,
  title,
  better: format === 'percent' ? 'lower' : 'higher',
  format,
  averaged: ['near', 'far'],
  convention: 'openood',
  estimate(separations) {
    const estimate = twoSidedEstimate(
      separations.flatMap(({ openOod: replicates }) => (replicates ? [replicates] : [])),
      metric,
    );
    // Areas of reversed ranks move by the ties of resamples alone.
    const isReversed = estimate.interval && separations.every(({ ranked }) => ranked.auroc === 0);
    return isReversed
      ? { ...estimate, interval: null, method: 'none', why: 'no interval: the scores do not overlap' }
      : estimate;
  },
});

export const auroc: MetricRow = {
  id: 'auroc',
  title: 'AUROC',
  better: 'higher',
  format: 'number',
  averaged: ALL,
  metric: 'auroc',
  estimate: (separations) =>
    delongEstimate(
      mean(separations.map(({ ranked }) => ranked.auroc)),
      separations.map(({ placed }) => placed),
    ),
};

/** What is reported of every score and OOD set. */
export const metrics: readonly MetricRow[] = [
  auroc,
  ranking({
    id: 'aupr-in',
    metric: 'auprIn',
    title: 'AUPR (ID positive)',
    better: 'higher',
    format: 'number',
    averaged: [],
  }),
  ranking({
    id: 'aupr-out',
    metric: 'auprOut',
    title: 'AUPR (OOD positive)',
    better: 'higher',
    format: 'number',
    averaged: [],
  }),
  ranking({
    id: 'fpr95-id-positive',
    metric: 'fpr95IdPositive',
    title: 'FPR95 (ID positive)',
    better: 'lower',
    format: 'percent',
    averaged: ALL,
  }),
  ranking({
    id: 'fpr95-ood-positive',
    metric: 'fpr95OodPositive',
    title: 'FPR95 (OOD positive)',
    better: 'lower',
    format: 'percent',
    averaged: ALL,
  }),
  ranking({
    id: 'detection-error',
    metric: 'detectionError',
    title: 'Detection error',
    better: 'lower',
    format: 'percent',
    averaged: [],
  }),
  {
    id: 'oscr',
    title: 'OSCR',
    better: 'higher',
    format: 'number',
    averaged: ALL,
    outcome: true,
    estimate: (separations) => {
      const placed = separations.flatMap(({ open }) => (open ? [open.placed] : []));
      return delongEstimate(mean(placed.map(({ auroc }) => auroc)), placed);
    },
  },
  scod('aurc', 'SCOD-AURC'),
  scod('augrc', 'SCOD-AUGRC'),
  openOod('fpr95-openood', 'fpr95', 'FPR@95 (OpenOOD)', 'percent'),
  openOod('aupr-in-trapezoid', 'auprIn', 'AUPR_IN (OpenOOD)', 'number'),
  openOod('aupr-out-trapezoid', 'auprOut', 'AUPR_OUT (OpenOOD)', 'number'),
];

/** Of these, what a separation has, under the conventions that are asked for. */
export const metricsOf = (
  { open }: Pick<Separation, 'open'>,
  { conventions }: Pick<OodOptions, 'conventions'>,
): MetricRow[] =>
  metrics.filter(
    ({ outcome, convention }) =>
      (!outcome || open !== undefined) && (!convention || conventions.includes(convention)),
  );

export interface SelectiveRow {
  id: string;
  area: keyof SelectiveAreas;
  title: string;
  convention?: OodOptions['conventions'][number];
}

/** What is reported of every score and labelled test set: selective classification, without OOD examples. */
export const selective: readonly SelectiveRow[] = [
  { id: 'aurc', area: 'aurc', title: 'AURC' },
  { id: 'augrc', area: 'augrc', title: 'AUGRC' },
  { id: 'aurc-fd-shifts', area: 'aurcFdShifts', title: 'AURC (fd-shifts)', convention: 'fd-shifts' },
  { id: 'augrc-fd-shifts', area: 'augrcFdShifts', title: 'AUGRC (fd-shifts)', convention: 'fd-shifts' },
];

export interface Average {
  /** Prefix of the measure. */
  id: AverageId;
  title: string;
  includes(ood: DatasetInfo): boolean;
}

/** Over which OOD sets metrics are averaged, unweighted. */
export const averages: readonly Average[] = [
  { id: 'mean', title: 'Mean', includes: () => true },
  { id: 'near', title: 'Near-OOD mean', includes: ({ distance }) => distance === 'near' },
  { id: 'far', title: 'Far-OOD mean', includes: ({ distance }) => distance === 'far' },
];

/** Names of everything that can be measured. */
export const measureNames: readonly string[] = [
  ...metrics.flatMap(({ id, averaged }) => [id, ...averaged.map((average) => `${average}-${id}`)]),
  ...selective.map(({ id }) => id),
];
