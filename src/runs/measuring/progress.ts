import type { Job, Unit } from '../plan/plan.js';
import type { PlanCost } from '../plan/plan-cost.js';

/** What happens during a run, for whoever shows it. */
export type ProgressEvent =
  /** A model was opened, or a data set was looked through: what an earlier run knows of them saves that. */
  | { kind: 'opened'; what: 'model' | 'data set'; name: string }
  /** Before anything is measured. */
  | { kind: 'plan'; units: number; stored: number; cost?: PlanCost }
  | { kind: 'unit-started'; job: Job; unit: Unit; status: Status }
  /** Every second while units are measured, of the one that has been measured longest. */
  | ({ kind: 'unit-progress'; job: Job; unit: Unit; status: Status } & PassCount)
  | { kind: 'unit-finished'; job: Job; unit: Unit; seconds: number; status: Status }
  | { kind: 'job-failed'; job: Job; message: string }
  /** A line that stays. */
  | { kind: 'note'; text: string }
  /** `done` of `of` pieces are, where they can be counted; inside of a long one, `part` of it. */
  | { kind: 'stage'; text: string; done?: number; of?: number; part?: StagePart };

/** Such as 120 of 1000 resamples of jem on test. */
export interface StagePart {
  what: string;
  done: number;
  of: number;
}

/** Passes of a unit, each of one example through a system. */
export interface PassCount {
  /** Made so far. */
  passes: number;
  /** How many it will be, as far as can be told; undefined where the measurement does not say. */
  expected: number | undefined;
}

export interface Status {
  /** Units finished, stored ones included, of all. */
  done: number;
  units: number;
  /** Seconds until the last unit is done; undefined until something comparable was measured. */
  secondsLeft: number | undefined;
  /** Units that other processes measure in the same run folder. Absent: none. */
  elsewhere?: number;
}

export type Listener = (event: ProgressEvent) => void;
