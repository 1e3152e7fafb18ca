import { type Estimate, selectiveEstimates } from '../../src/metrics.js';
import { type DatasetInfo, type Measure, type MeasureRows, measure } from '../../src/suite.js';
import { estimateOf } from './estimates.js';
import { averages, type MetricRow, metricsOf, selective } from './metrics.js';
import type { OodOptions } from './options.js';
import type { Detector, Separation } from './result.js';
import { withinRounding } from './rounding.js';
import { SHEET } from './sheet.js';

/** Fewer examples of a side make some intervals of resamples too short. */
const FEW = 200;
const SHORT = /^(aupr|fpr95)/;

/** By simulation (test/metrics/ranking/ranking-coverage.long.test.ts). */
const coverageNote = (
  { id }: MetricRow,
  { method }: Estimate,
  { nId, nOod }: { nId: number; nOod: number },
) =>
  method === 'bootstrap' && SHORT.test(id) && nId > 0 && nOod > 0 && Math.min(nId, nOod) < FEW
    ? '; the interval of so few may be too short: 95 % ones hold the true value in 88 to 95 % of samples'
    : '';

/** All metrics of one score on one OOD set. */
export function setMeasures(suite: string, separation: Separation, options: OodOptions): Measure[] {
  const { system, score, id, ood, replicates } = separation;
  return metricsOf(separation, options).map((row) => {
    const estimate = estimateOf(row, [separation]);
    return measure(
      {
        suite,
        measure: row.id,
        title: `${row.title} by ${score.title}`,
        model: system.name,
        dataset: ood.dataset.name,
        params: { score: score.id, against: id.dataset.name, ...chosen(row, options) },
        better: row.better,
        format: row.format,
        note: `${replicates.nId} ID and ${replicates.nOod} OOD examples${coverageNote(row, estimate, replicates)}`,
        rows: rowsOf([separation], row, options),
        ...(row.metric && withinRounding([separation], row.metric)),
      },
      estimate,
    );
  });
}

/** Unweighted means of one score over OOD sets: all, near, far. */
export function meanMeasures(
  suite: string,
  { system, score, id, averaged: over }: Detector,
  headline: string,
  options: OodOptions,
): Measure[] {
  return averages.flatMap((average) => {
    const own = over.filter((s) => average.includes(s.ood.dataset));
    if (own.length === 0) return [];
    return metricsOf(own[0]!, options)
      .filter(({ averaged }) => averaged.includes(average.id))
      .map((row) =>
        measure(
          {
            suite,
            measure: `${average.id}-${row.id}`,
            title: `${average.title} ${row.title} by ${score.title}`,
            model: system.name,
            dataset: id.dataset.name,
            params: { score: score.id, ...chosen(row, options) },
            better: row.better,
            format: row.format,
            ...(average.id === 'mean' && row.id === 'auroc' && score.id === headline && { headline: true }),
            note: `over ${own.map((s) => s.ood.dataset.name).join(', ')}`,
            rows: rowsOf(own, row, options),
            ...(row.metric && withinRounding(own, row.metric)),
          },
          estimateOf(row, own),
        ),
      );
  });
}

/** The options of a metric that it depends on. */
const chosen = ({ options = [] }: MetricRow, given: OodOptions) =>
  Object.fromEntries(options.map((name) => [name, given[name]]));

/** Scores of test images and of those of OOD sets, in the sheet; measures and statistics have the same names. */
function rowsOf(separations: readonly Separation[], row: MetricRow, options: OodOptions): MeasureRows {
  const { system, score, id } = separations[0]!;
  const columns = { score: score.id };
  const where = (dataset: DatasetInfo) => ({ model: system.name, dataset: dataset.name });
  return {
    sheet: SHEET,
    where: where(id.dataset),
    statistic: row.id,
    columns: { ...columns, ...(row.outcome && { outcome: 'correct' }) },
    ...(row.options && { options: chosen(row, options) }),
    against: separations.map(({ ood }) => ({ where: where(ood.dataset), columns })),
  };
}

/** Areas under the risk of a score on the test set, by id; none without labels or classes. */
export interface SelectiveResult {
  detector: Detector;
  areas: Readonly<Record<string, Estimate>>;
}

/** Selective classification of the test set by every score. */
export function selectiveResults(
  detectors: readonly Detector[],
  { conventions }: Pick<OodOptions, 'conventions'>,
): SelectiveResult[] {
  const rows = selective.filter(({ convention }) => !convention || conventions.includes(convention));
  return detectors.flatMap((detector) => {
    const { correct } = detector.id.predicted ?? {};
    if (!correct || correct.length === 0) return [];
    const estimates = selectiveEstimates(detector.id.values, correct);
    return [{ detector, areas: Object.fromEntries(rows.map((row) => [row.id, estimates[row.area]])) }];
  });
}

export const selectiveMeasures = (suite: string, { detector, areas }: SelectiveResult): Measure[] =>
  selective
    .filter((row) => row.id in areas)
    .map((row) => {
      const { system, score, id } = detector;
      return measure(
        {
          suite,
          measure: row.id,
          title: `${row.title} by ${score.title}`,
          model: system.name,
          dataset: id.dataset.name,
          params: { score: score.id },
          better: 'lower',
          format: 'number',
          rows: {
            sheet: SHEET,
            where: { model: system.name, dataset: id.dataset.name },
            statistic: row.id,
            columns: { score: score.id, outcome: 'correct' },
          },
        },
        areas[row.id]!,
      );
    });
