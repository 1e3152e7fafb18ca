import type { AssayError } from '../../errors.js';
import { allHold } from '../../gate/hold.js';
import type { Results } from '../../suites/results.js';
import type { ShardName } from '../folder/shard-name.js';

/** What a run came to. */
export interface RunOutcome {
  /** The run folder. */
  directory: string;
  results: Results;
  /** Why the results are partial. */
  failures: readonly AssayError[];
  /** Units found and units measured now. */
  stored: number;
  measured: number;
  /** Nothing was new: the results and the report are those of an earlier run. */
  kept?: boolean;
  /** Which shard of the run this is, where it is one. */
  shard?: ShardName;
  /** 0 all well, 1 a gate failed, 2 something could not be measured, 130 interrupted. */
  exitCode: 0 | 1 | 2 | 130;
}

/** The outcome where an earlier run left all that this one would: complete results, of so many units. */
export const keptOutcome = (directory: string, results: Results, stored: number): RunOutcome => ({
  directory,
  results,
  failures: [],
  stored,
  measured: 0,
  kept: true,
  exitCode: exitCodeOf(results),
});

/** @param stopped what ended the run before its end */
export function exitCodeOf({ errors, gates }: Results, stopped?: AssayError): RunOutcome['exitCode'] {
  if (stopped?.code === 'interrupted') return 130;
  if (errors.length > 0) return 2;
  return allHold(gates) ? 0 : 1;
}
