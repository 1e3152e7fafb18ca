import type { GateRule } from '../../gate/rule.js';
import type { Warning } from '../../suites/results.js';
import type { PluginSources } from '../asked/plugin-modules.js';
import type { SuiteEntry } from '../asked/suite-entries.js';
import type { NamedBaseline } from '../folder/baseline.js';
import type { Question } from '../folder/finished.js';
import type { RunSource } from '../folder/run-record.js';
import type { Evaluation } from '../inventory/inventory.js';
import type { Expectation } from './expectations.js';

/** A run with everything opened. */
export interface RunSpec {
  title: string;
  /** The run file, for messages; paths and the git state are told from its folder. */
  file: string;
  /** The run file, where there is one: results that it does not ask for any more are not judged. */
  source?: RunSource;
  directory: string;
  /** The run file as resolved, for run.json and results.json. */
  config: unknown;
  evaluation: Evaluation;
  entries: readonly SuiteEntry[];
  /** Where the suites of the entries are loaded from; absent when one was given as an object. */
  sources?: PluginSources;
  gates: readonly GateRule[];
  /** What gates compare with. */
  baseline?: NamedBaseline;
  /** Measures what gates rest on, until they are decided. */
  untilDecided?: boolean;
  /** Where the gates stand; default: `file`. */
  gatesFile?: string;
  expectations: readonly Expectation[];
  /** Data sets that are read in part. */
  partial: ReadonlySet<string>;
  warnings: readonly Warning[];
  /** Called when everything is measured: summaries need the memory. */
  forgetImages?: () => void;
  /** What the results will answer, with what was read until now: told at the end. Absent: they are not noted. */
  question?: () => Promise<Question | undefined>;
}
