import type { Warning } from '../../suites/results.js';
import type { UnitStore } from '../units/store.js';
import type { UnitRecord } from '../units/unit-file.js';

/** When failed units end a run with an error: any (true), none (false), so many (from 1), or such a share of all (below 1). */
export type FailOnError = boolean | number;

/** How many of so many units may fail, and the run goes on without them. */
export function tolerated(failOnError: FailOnError, units: number): number {
  if (typeof failOnError === 'boolean') return failOnError ? 0 : Number.POSITIVE_INFINITY;
  return Math.max(1, Math.ceil(failOnError < 1 ? failOnError * units : failOnError)) - 1;
}

/** A unit that failed and is done without, as plain data. */
export interface LeftOut {
  key: string;
  /** Which, for users. */
  place: string;
  reason: string;
  /** It did not fail itself: it reads the rows of one that did. */
  reader: boolean;
  /** (n) source indices of its examples. */
  indices: Int32Array;
}

/** A store in which the examples of units that were left out have no result. Nothing of that is written. */
export function withLeftOut(
  store: Pick<UnitStore, 'read' | 'column'>,
  left: readonly LeftOut[],
): Pick<UnitStore, 'read' | 'column'> {
  if (left.length === 0) return store;
  const byKey = new Map(left.map((one) => [one.key, one]));
  return {
    async read(key, wanted) {
      const one = byKey.get(key);
      return one ? withoutResults(one) : store.read(key, wanted);
    },
    ...(store.column && {
      column: (key, name) => (byKey.has(key) ? null : store.column?.(key, name)),
    }),
  };
}

const withoutResults = ({ key, indices, reason }: LeftOut): UnitRecord => ({
  key,
  rows: {},
  indices,
  // Rows of failed examples are never looked at; others have labels where the data set has.
  labels: new Int32Array(indices.length),
  failed: Array.from(indices, (example) => ({ example, what: reason, leftOut: true })),
  passes: { forward: 0, gradient: 0 },
  seconds: 0,
});

/** Units that are named in a message. */
const NAMED = 3;

/** What the report says first of units that were left out. */
export function leftOutWarnings(left: readonly LeftOut[], units: number): Warning[] {
  const failed = left.filter(({ reader }) => !reader);
  if (failed.length === 0) return [];
  const first = failed.slice(0, NAMED).map(({ place, reason }) => `${place} (${reason})`);
  const more = failed.length > NAMED ? `, and ${failed.length - NAMED} more` : '';
  const readers = left.length - failed.length;
  const also = readers > 0 ? `; ${readers} more read their rows and are missing too` : '';
  return [
    {
      code: 'units-failed',
      severity: 'serious',
      message: `${failed.length} of ${units} units failed and were left out, as failOnError allows: ${first.join('; ')}${more}${also}`,
      why: 'their examples count as failed: every number rests on the others, and those that take long or break something may be the hard ones',
      fix: 'run the same command again: it tries them again, and nothing else; give units more time with --unit-timeout',
    },
  ];
}
