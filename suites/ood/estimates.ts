import type { Estimate } from '../../src/metrics.js';
import type { MetricRow } from './metrics.js';
import type { Separation } from './result.js';

const known = new WeakMap<Separation, Map<MetricRow, { of: readonly Separation[]; estimate: Estimate }[]>>();

/**
 * A metric of one set, or its mean over several: the same object whenever it is asked for, so that the numbers of tables
 * and figures lead to the rows of the measure that they are.
 */
export function estimateOf(row: MetricRow, separations: readonly Separation[]): Estimate {
  const first = separations[0]!;
  const rows = known.get(first) ?? new Map();
  known.set(first, rows);
  const made: { of: readonly Separation[]; estimate: Estimate }[] = rows.get(row) ?? [];
  rows.set(row, made);
  const same = made.find(
    ({ of }) => of.length === separations.length && of.every((s, i) => s === separations[i]),
  );
  if (same) return same.estimate;
  const estimate = row.estimate(separations);
  made.push({ of: separations, estimate });
  return estimate;
}
