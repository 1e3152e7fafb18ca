import { LEVEL, seenOf } from '../../gate/sequential.js';
import { SEQUENCE } from '../../gate/stopped-verdict.js';
import { confidenceSequence } from '../../metrics/estimates/confidence-sequence.js';
import type { Summary } from '../../suites/contract.js';
import type { Figure, Measure, Table } from '../../suites/results.js';
import type { SampleSize } from '../plan/plan.js';

/**
 * The summary of a suite that stopped when its gates were decided. When it stopped depends on what was seen, so that no
 * interval for a fixed number of examples holds: shares get that of their confidence sequence, which holds whenever one
 * stops, and everything else has none.
 */
export function stoppedSummary(
  summary: Summary,
  stopped: ReadonlyMap<string, SampleSize> | undefined,
): Summary {
  if (!stopped) return summary;
  const { measures, tables = [], figures = [], warnings = [] } = summary;
  return {
    ...summary,
    measures: measures.map((measure) => atAnyTime(measure, stopped)),
    tables: tables.map(tableWithoutIntervals),
    figures: figures.map(figureWithoutIntervals),
    // There are more examples, and as many were measured as the gates needed.
    warnings: warnings.filter(
      ({ code, dataset }) => code !== 'few-examples' || dataset === undefined || !stopped.has(dataset),
    ),
  };
}

function atAnyTime(measure: Measure, stopped: ReadonlyMap<string, SampleSize>): Measure {
  const sample = stopped.get(measure.dataset);
  const seen = sample && seenOf(measure, sample);
  const { level, method, ...rest } = measure;
  const of = sample && { of: sample.of };
  if (!seen) return { ...rest, ...of, interval: null, level, method: 'none' };
  const [low, high] = confidenceSequence(seen, LEVEL).map((successes) => successes / seen.size) as [
    number,
    number,
  ];
  return { ...rest, ...of, interval: [low, high], level: LEVEL, method: SEQUENCE };
}

function tableWithoutIntervals(table: Table): Table {
  const rows = table.rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([key, cell]) => [key, withoutInterval(cell)])),
  );
  return { ...table, rows };
}

function figureWithoutIntervals(figure: Figure): Figure {
  if (figure.kind === 'lines')
    return {
      ...figure,
      series: figure.series.map((series) => ({
        ...series,
        points: series.points.map(({ x, y }) => ({ x, y })),
      })),
    };
  if (figure.kind === 'bars')
    return {
      ...figure,
      series: figure.series.map((series) => ({ ...series, values: series.values.map(withoutInterval) })),
    };
  if (figure.kind === 'heatmap')
    return {
      ...figure,
      rows: figure.rows.map((row) => ({ ...row, values: row.values.map(withoutInterval) })),
    };
  if (figure.kind === 'reliability')
    return { ...figure, bins: figure.bins.map((bin) => ({ ...bin, interval: null })) };
  return figure;
}

/** A number in a table or figure. */
function withoutInterval<T>(cell: T): T {
  if (typeof cell !== 'object' || cell === null || !('interval' in cell)) return cell;
  const { interval: _, ...rest } = cell;
  return rest as T;
}
