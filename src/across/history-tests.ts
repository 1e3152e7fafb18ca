import { discrepancies } from '../comparison/conditions.js';
import { differenceOf } from '../comparison/difference.js';
import { AssayError } from '../errors.js';
import type { Measure } from '../suites/results.js';
import { type HistoryOptions, seriesIn } from './history.js';
import { type MeasureRead, rowsOfRun } from './paired-rows.js';
import type { PastRun } from './read-history.js';

/** Paired tests of a history. */
export interface NeighbourTests {
  /** p values of measures to the run before. */
  tests: ReadonlyMap<Measure, number>;
  /** Runs whose rows could not be used, and why. */
  untested: readonly { run: string; why: AssayError }[];
}

/**
 * The p value of the paired test of each measure to the run before, where both are of the same thing and both runs still
 * have their sheets. Runs that stopped when their gates were decided, and edited ones, are not tested.
 */
export async function neighbourTests(
  past: readonly PastRun[],
  options: HistoryOptions,
): Promise<NeighbourTests> {
  const pairs = seriesIn(past, options).flatMap((points) =>
    points.slice(1).flatMap((after, i) => {
      const before = points[i]!;
      // What is not defined has rows all the same, and what stopped early has those of some examples.
      if ([before, after].some(({ of: { measure } }) => measure.value === null || measure.of !== undefined))
        return [];
      return discrepancies(before.of, after.of).length === 0 ? [{ before, after }] : [];
    }),
  );
  const needed = new Map<number, Measure[]>();
  for (const { before, after } of pairs)
    for (const { run, of } of [before, after]) needed.set(run, [...(needed.get(run) ?? []), of.measure]);
  const read = new Map<Measure, MeasureRead>();
  const untested: { run: string; why: AssayError }[] = [];
  for (const [run, measures] of needed) {
    const found = await rowsIn(past[run]!, measures);
    if (found instanceof AssayError) untested.push({ run: past[run]!.name, why: found });
    else for (const [measure, rows] of found) read.set(measure, rows);
  }
  const tests = new Map<Measure, number>();
  for (const { before, after } of pairs) {
    const [a, b] = [read.get(after.of.measure), read.get(before.of.measure)];
    const p = a && b && differenceOf(a, b).p;
    if (p !== null && p !== undefined) tests.set(after.of.measure, p);
  }
  return { tests, untested };
}

/** An error where they cannot be read, or do not give the values of their results: they are of other results then. */
async function rowsIn(
  { name, directory, results, sealed }: PastRun,
  measures: readonly Measure[],
): Promise<ReadonlyMap<Measure, MeasureRead> | AssayError> {
  if (directory === undefined || !sealed || results.stopped) return new Map();
  try {
    return await rowsOfRun({ name, directory, results }, measures, { edited: false });
  } catch (error) {
    if (error instanceof AssayError) return error;
    throw error;
  }
}
