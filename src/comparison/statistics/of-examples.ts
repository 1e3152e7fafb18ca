import { meanOfDraws } from '../../metrics/resampling/draw-counts.js';
import { drawnQuantile } from '../../metrics/resampling/drawn-quantile.js';
import { meanRatioOfDraws } from '../../metrics/resampling/mean-ratio.js';
import { deviationOfDraws } from '../../metrics/resampling/spread.js';
import { meansOfLists, smallestByExample } from '../groups.js';
import type { ExampleStatistic } from './statistic.js';

const share: ExampleStatistic = {
  kind: 'examples',
  name: 'share',
  roles: ['outcome'],
  test: 'mcnemar',
  sequence: 'share',
  of: ({ outcome }) => meanOfDraws(outcome),
};

/** Shares, means, quantiles and spread of one number per example. */
export const ofExamples: readonly ExampleStatistic[] = [
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
  {
    kind: 'examples',
    name: 'mean-ratio',
    roles: ['value', 'reference'],
    options: ['ratios'],
    test: 'paired-bootstrap',
    of: ({ value, reference }, { ratios }) => meanRatioOfDraws(value, reference, Number(ratios)),
  },
  {
    kind: 'examples',
    name: 'sd',
    roles: ['value'],
    test: 'paired-bootstrap',
    of: ({ value }) => deviationOfDraws(value),
  },
];
