import { stringify } from 'csv-stringify/sync';
import { cast } from '../csv-cell.js';
import { pairTitle } from './present.js';
import type { RunComparison } from './run-comparison.js';

type Value = string | number | boolean | null | undefined;

/** A row per measure and pair, at full precision; parameters as JSON. */
export function comparisonCsv(comparison: RunComparison): string {
  const { runs, pairs } = comparison;
  const side = (pair: number, which: 'before' | 'after') => pairs[pair]![which];
  const rows = comparison.rows.map((row): Record<string, Value> => {
    const { before, after, test } = row;
    return {
      pair: pairTitle(comparison, row.pair),
      run_before: runs[side(row.pair, 'before').run]!.name,
      model_before: side(row.pair, 'before').model,
      run_after: runs[side(row.pair, 'after').run]!.name,
      model_after: side(row.pair, 'after').model,
      suite: row.suite,
      measure: row.measure,
      title: row.title,
      dataset: row.dataset,
      params: JSON.stringify(row.params),
      better: row.better,
      format: row.format,
      value_before: before.value,
      lo_before: before.interval?.[0],
      hi_before: before.interval?.[1],
      n_before: before.n,
      value_after: after.value,
      lo_after: after.interval?.[0],
      hi_after: after.interval?.[1],
      n_after: after.n,
      difference: test?.difference ?? row.difference,
      difference_lo: test?.interval?.[0],
      difference_hi: test?.interval?.[1],
      test: test?.name,
      test_n: test?.n,
      p: test?.p,
      p_corrected: test?.corrected,
      verdict: row.verdict,
      reasons: row.reasons.join('; '),
    };
  });
  return stringify(rows, { header: true, cast });
}

/** A row per flipped example. */
export function flipsCsv(comparison: RunComparison): string {
  const { rows, flips } = comparison;
  const columns = [
    'pair',
    'measure',
    'dataset',
    'params',
    'index',
    'direction',
    'label',
    'prediction_before',
    'prediction_after',
  ];
  return stringify(
    flips.map(({ row, index, direction, label, before, after }) => [
      pairTitle(comparison, rows[row]!.pair),
      rows[row]!.measure,
      rows[row]!.dataset,
      JSON.stringify(rows[row]!.params),
      index,
      direction,
      label,
      before,
      after,
    ]),
    { header: true, columns, cast },
  );
}
