import type { Job } from '../plan/plan.js';
import { ReferenceRows } from '../rows/reference-rows.js';
import { headOf, type UnitHead } from '../units/unit-file.js';
import type { LiveUnit } from './live-unit.js';
import { type MeasureEnvironment, measureUnit } from './measure-unit.js';
import type { Task } from './queue.js';

/** How a machine is used, for the record of a run. */
export interface Layout {
  /** Processes that measure, besides the one that plans and writes. 0: none. */
  workers: number;
  /** By measurement: how many times as fast worker processes were. */
  chosen?: { timesAsFast: number };
}

/** Who measures units. What is measured, and in which order, `execute` decides. */
export interface Executor {
  /** Units that are measured side by side. */
  readonly lanes: number;
  /**
   * Measures a unit and stores it. `live` hears of its passes as they are made, and that it is measured. Returns what
   * the unit says of itself once the store has it.
   * Errors: what measuring and storing throw; `UnitLost` when rows that it reads are missing or damaged; `interrupted`
   * when the signal is raised.
   */
  measure(task: Task, live: LiveUnit, signal: AbortSignal): Promise<UnitHead>;
  /** No unit of the job is to come: what is kept for it may go. */
  drop?(job: Job): void;
  /** Absent where there is nothing to choose. */
  readonly layout?: Layout | undefined;
  close(): Promise<void>;
}

/** What is to be measured, for those who let others do it. */
export interface AskedUnits {
  jobs: readonly Job[];
  /** The key of the run. */
  run: string;
  engine: string;
}

/** How a run makes what measures its units. */
export type ExecutorFor = (
  environment: MeasureEnvironment,
  asked: AskedUnits,
) => Executor | Promise<Executor>;

/**
 * Units in flight. Towards its end a unit leaves sessions of the engine idle; the next one fills them. Which units
 * run side by side changes no row.
 */
const LANES = 2;

/** This process measures, with systems and data sets that it has opened: whoever opened them closes them. */
export function inProcess(environment: MeasureEnvironment): Executor {
  const { store } = environment;
  const reference = new ReferenceRows(store);
  return {
    lanes: LANES,
    async measure({ job, unit }, live, signal) {
      const measured = await measureUnit(job, unit, { ...environment, reference, signal }, live);
      const record = { ...measured, seconds: live.measured() };
      await store.write(record);
      return headOf(record);
    },
    drop: (job) => reference.drop(job),
    close: async () => undefined,
  };
}
