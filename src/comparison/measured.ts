import type { Measure, Results, SuiteResult } from '../suites/results.js';

/** A measure with the run that it comes from. */
export interface Measured {
  results: Results;
  measure: Measure;
  /** The entry of the run file that gave it; undefined where results do not tell which of several did. */
  entry: SuiteResult | undefined;
}

/** Every measure of a run with the entry that gave it, in their order. */
export function measuredOf(results: Results): Measured[] {
  const { measures, suites } = results;
  const counted = suites.every((entry) => entry.measures !== undefined);
  if (counted && suites.reduce((sum, entry) => sum + (entry.measures ?? 0), 0) === measures.length) {
    let at = 0;
    return suites.flatMap((entry) => {
      const from = at;
      at += entry.measures ?? 0;
      return measures.slice(from, at).map((measure) => ({ results, measure, entry }));
    });
  }
  return measures.map((measure) => {
    const entries = suites.filter(({ suite }) => suite === measure.suite);
    return { results, measure, entry: entries.length === 1 ? entries[0] : undefined };
  });
}
