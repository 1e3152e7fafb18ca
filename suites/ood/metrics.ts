import type { RankingMetric } from '../../src/metrics.js';
import type { Better, DatasetInfo } from '../../src/suite.js';

export interface MetricRow {
  /** Key of the measure. */
  id: string;
  metric: RankingMetric;
  title: string;
  better: Better;
  format: 'percent' | 'number';
  /** Averaged over data sets. */
  averaged: boolean;
}

/** What is reported of every score and OOD set. */
export const metrics: readonly MetricRow[] = [
  { id: 'auroc', metric: 'auroc', title: 'AUROC', better: 'higher', format: 'number', averaged: true },
  {
    id: 'aupr-in',
    metric: 'auprIn',
    title: 'AUPR (ID positive)',
    better: 'higher',
    format: 'number',
    averaged: false,
  },
  {
    id: 'aupr-out',
    metric: 'auprOut',
    title: 'AUPR (OOD positive)',
    better: 'higher',
    format: 'number',
    averaged: false,
  },
  {
    id: 'fpr95-id-positive',
    metric: 'fpr95IdPositive',
    title: 'FPR95 (ID positive)',
    better: 'lower',
    format: 'percent',
    averaged: true,
  },
  {
    id: 'fpr95-ood-positive',
    metric: 'fpr95OodPositive',
    title: 'FPR95 (OOD positive)',
    better: 'lower',
    format: 'percent',
    averaged: true,
  },
  {
    id: 'detection-error',
    metric: 'detectionError',
    title: 'Detection error',
    better: 'lower',
    format: 'percent',
    averaged: false,
  },
];

export interface Average {
  /** Prefix of the measure. */
  id: string;
  title: string;
  includes(ood: DatasetInfo): boolean;
}

/** Over which OOD sets metrics are averaged, unweighted. */
export const averages: readonly Average[] = [
  { id: 'mean', title: 'Mean', includes: () => true },
  { id: 'near', title: 'Near-OOD mean', includes: ({ distance }) => distance === 'near' },
  { id: 'far', title: 'Far-OOD mean', includes: ({ distance }) => distance === 'far' },
];
