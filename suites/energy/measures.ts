import {
  type BootstrapOptions,
  deviationOfDraws,
  type Estimate,
  jointBootstrap,
  meanOf,
  quantileEstimate,
} from '../../src/metrics.js';
import { type Measure, type MeasureRows, measure } from '../../src/suite.js';
import { aurocAbove, type Comparison } from './compare.js';
import type { Heights } from './heights.js';

export const NAME = 'energy';

/** The rows of a data set in the sheet. */
export const whereOf = ({ system, dataset }: Pick<Heights, 'system' | 'dataset'>): MeasureRows['where'] => ({
  model: system.name,
  dataset: dataset.name,
});

/** Where log p(x) of a data set lies. */
export interface Summarised {
  of: Heights;
  mean: Estimate;
  median: Estimate;
  sd: Estimate;
}

export function summarised(
  of: Heights,
  options: Pick<BootstrapOptions, 'seed' | 'resamples' | 'step'>,
): Summarised {
  const { logPx, dataset } = of;
  const { sd } = jointBootstrap(logPx.length, [{ of: (times) => ({ sd: deviationOfDraws(logPx)(times) }) }], {
    ...options,
    purpose: `energy/${dataset.name}`,
  });
  return { of, mean: meanOf(logPx), median: quantileEstimate(logPx.slice().sort(), 0.5), sd };
}

const about = { suite: NAME, better: 'none', format: 'number' } as const;

/** Mean, median and standard deviation of log p(x), in nats. */
export function summaryMeasures({ of, mean, median, sd }: Summarised): Measure[] {
  const common = { ...about, model: of.system.name, dataset: of.dataset.name };
  const rows = { sheet: NAME, where: whereOf(of), columns: { value: 'log_px' } };
  return [
    measure(
      { ...common, measure: 'log-px-mean', title: 'Mean log p(x)', rows: { ...rows, statistic: 'mean' } },
      mean,
    ),
    measure(
      {
        ...common,
        measure: 'log-px-median',
        title: 'Median log p(x)',
        rows: { ...rows, statistic: 'quantile', options: { q: 0.5 } },
      },
      median,
    ),
    measure(
      {
        ...common,
        measure: 'log-px-sd',
        title: 'Standard deviation of log p(x)',
        rows: { ...rows, statistic: 'sd' },
      },
      sd,
    ),
  ];
}

/** How far a set lies from the reference, and how well the two are told apart. */
export function comparisonMeasures({ own, reference, partners, gap, auroc }: Comparison): Measure[] {
  const against = reference.dataset.name;
  const common = { ...about, model: own.system.name, dataset: own.dataset.name, params: { against } };
  const columns = { value: 'log_px' };
  const gapRows: MeasureRows = partners
    ? { sheet: NAME, where: whereOf(own), statistic: 'mean', columns: { value: 'log_px_gap' } }
    : {
        sheet: NAME,
        where: whereOf(own),
        statistic: 'mean-difference',
        columns,
        against: [{ where: whereOf(reference), columns }],
      };
  return [
    measure(
      {
        ...common,
        measure: 'log-px-gap',
        title: `Mean log p(x) minus that of ${against}`,
        note: partners
          ? 'paired: images that are, or were made of, the same image'
          : `two samples, ${own.logPx.length} and ${reference.logPx.length} images`,
        rows: gapRows,
      },
      gap,
    ),
    measure(
      {
        ...common,
        measure: 'log-px-auroc',
        title: `AUROC by log p(x), ${against} above`,
        rows: aurocRows(reference, own),
      },
      auroc,
    ),
  ];
}

/** That an image of the first set has the higher log p(x). */
function aurocRows(above: Heights, below: Heights): MeasureRows {
  const columns = { score: 'log_px' };
  const against = [{ where: whereOf(below), columns }];
  return { sheet: NAME, where: whereOf(above), statistic: 'auroc', columns, against };
}

/** Whether log p(x) tells training images from test images, which it would if the model had learnt them by heart. */
export function memorisation({ own, reference, partners }: Comparison): Measure {
  return measure(
    {
      ...about,
      measure: 'train-test-auroc',
      title: `AUROC of ${own.dataset.name} above ${reference.dataset.name}, by log p(x)`,
      model: own.system.name,
      dataset: own.dataset.name,
      params: { against: reference.dataset.name },
      note: 'one half: training images are as likely as test images; above: they are remembered',
      rows: aurocRows(own, reference),
    },
    aurocAbove(own, reference, partners !== undefined),
  );
}
