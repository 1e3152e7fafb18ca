import type { ErrorRecord } from '../../errors.js';
import type { WorkOptions } from '../asked/work-options.js';
import type { UnitReport } from '../measuring/live-unit.js';
import type { RunIdentity } from '../opening/run-identity.js';
import type { UnitHead } from '../units/unit-file.js';

/** What a worker process is told first: it reads the run file, and loads what that names. */
export interface WorkerLoad {
  kind: 'load';
  file: string;
  options: WorkOptions;
}

/** What it is told once the run is planned: it plans it as well. */
export interface WorkerStart {
  kind: 'start';
  /** The run folder. */
  out: string;
  /** A worker that comes to another says so and does nothing. */
  identity: RunIdentity;
}

/** What it is told from then on, any number of times. */
export type WorkerOrder =
  /** Measure and store a unit. `call` is a number to tell calls apart. */
  | { kind: 'perform'; call: number; key: string }
  /** A unit is not wanted any more. */
  | { kind: 'stop'; call: number }
  | { kind: 'close' };

/** What it says. */
export type WorkerWord =
  /** It has planned the run. */
  | { kind: 'ready' }
  /** It cannot measure anything. */
  | { kind: 'refused'; error: ErrorRecord }
  | { kind: 'report'; call: number; report: UnitReport }
  | { kind: 'stored'; call: number; report: UnitReport; head: UnitHead }
  /** `lost`: the key of a unit whose rows are missing or damaged. */
  | { kind: 'failed'; call: number; error: ErrorRecord; lost?: string };
