import { AssayError } from '../../errors.js';
import { type Job, readBy, type Unit } from '../plan/plan.js';
import { unitsBetween } from '../plan/read-units.js';

/** A unit to measure. */
export interface Task {
  job: Job;
  unit: Unit;
  /** A unit that failed may be measured elsewhere, by another worker. Default: 1, the first. */
  attempt?: number;
}

interface Entry {
  job: Job;
  waiting: Unit[];
  running: number;
}

/** The units still to be measured: in order, but none before the units whose rows it reads. */
export class UnitQueue {
  private readonly entries = new Map<Job, Entry>();
  /** Units that wait or are measured now. */
  private readonly due = new Set<Unit>();
  /** Of units that failed before. */
  private readonly attempts = new Map<Unit, number>();
  readonly failures = new Map<Job, AssayError>();

  /** @param jobs in the order in which they are wanted */
  constructor(
    private readonly jobs: readonly Job[],
    missing: ReadonlyMap<Job, readonly Unit[]>,
  ) {
    for (const [job, units] of missing) {
      this.entries.set(job, { job, waiting: [...units], running: 0 });
      for (const unit of units) this.due.add(unit);
    }
  }

  /** The next unit that can be measured now; undefined when there is none, or none yet. */
  take(): Task | undefined {
    for (const job of this.jobs) {
      const entry = this.entries.get(job);
      if (!entry || this.failures.has(job)) continue;
      const at = this.firstReady(entry);
      if (at < 0) continue;
      const [unit] = entry.waiting.splice(at, 1) as [Unit];
      entry.running++;
      return { job, unit, attempt: (this.attempts.get(unit) ?? 0) + 1 };
    }
    return undefined;
  }

  /** Of the units that wait, the place of the first that can be measured now; -1 for none. */
  private firstReady({ job, waiting }: Entry): number {
    if (waiting.length === 0) return -1;
    const unfinished = readBy(job).filter((read) => this.entries.has(read));
    if (unfinished.length === 0) return 0;
    // Rows of the same examples are there when their units are. What is read as a whole has to be whole.
    const { aggregate } = job.request.measurement;
    if (aggregate || !unfinished.every((read) => job.inputs.includes(read))) return -1;
    return waiting.findIndex(({ start, end }) =>
      unfinished.every((read) => !unitsBetween(read, start, end).some((unit) => this.due.has(unit))),
    );
  }

  /** The unit is stored. Returns whether it was the last one of its job. */
  done({ job, unit }: Task): boolean {
    this.due.delete(unit);
    const entry = this.entries.get(job);
    if (!entry || --entry.running > 0 || entry.waiting.length > 0) return false;
    return this.entries.delete(job);
  }

  /** A unit that is not stored after all: those that read its rows wait for it. */
  again(job: Job, unit: Unit): void {
    const entry = this.entries.get(job) ?? { job, waiting: [], running: 0 };
    entry.waiting.push(unit);
    this.due.add(unit);
    this.entries.set(job, entry);
  }

  /** Takes a unit back that could not be measured yet. */
  putBack({ job, unit }: Task): void {
    const entry = this.entries.get(job);
    if (!entry) return;
    entry.running--;
    entry.waiting.unshift(unit);
  }

  /** Takes a unit back that failed: it is tried again after the others of its job. */
  retry({ job, unit, attempt = 1 }: Task): void {
    const entry = this.entries.get(job);
    if (!entry) return;
    this.attempts.set(unit, attempt);
    entry.running--;
    entry.waiting.push(unit);
  }

  /**
   * Does without a unit that failed, and without units that wait and read its rows. Returns all of them, the failed one
   * first; undefined where something reads all rows of such a job: without some they would be others under the same key.
   */
  leaveOut({ job, unit }: Task): Task[] | undefined {
    const left: Task[] = [];
    const collect = (task: Task): boolean => {
      if (left.some((one) => one.unit === task.unit)) return true;
      if (this.isReadAsAWhole(task.job)) return false;
      left.push(task);
      return this.jobs
        .filter(({ inputs }) => inputs.includes(task.job))
        .flatMap((reader) => this.waitingIn(reader, task.unit))
        .every(collect);
    };
    if (!collect({ job, unit })) return undefined;
    for (const task of left) this.forget(task, task.unit === unit);
    return left;
  }

  private isReadAsAWhole(job: Job): boolean {
    const { aggregate } = job.request.measurement;
    return (
      aggregate !== undefined ||
      this.jobs.some(({ maker, reference }) => maker === job || reference.some((read) => read.job === job))
    );
  }

  /** Units of a job that wait and have examples of a unit. */
  private waitingIn(job: Job, { start, end }: Unit): Task[] {
    const waiting = this.entries.get(job)?.waiting ?? [];
    return waiting.filter((one) => one.start < end && one.end > start).map((unit) => ({ job, unit }));
  }

  private forget({ job, unit }: Task, running: boolean): void {
    const entry = this.entries.get(job);
    if (!entry) return;
    if (running) entry.running--;
    this.due.delete(unit);
    entry.waiting = entry.waiting.filter((one) => one !== unit);
    if (entry.running === 0 && entry.waiting.length === 0) this.entries.delete(job);
  }

  /** Whether units of the job are still to come. */
  waitsFor(job: Job): boolean {
    return this.entries.has(job);
  }

  /** Gives up the job and all that read its rows. Returns them, the job first. */
  fail(job: Job, error: AssayError): Job[] {
    if (this.failures.has(job)) return [];
    this.failures.set(job, error);
    const readers = this.jobs.filter((other) => this.entries.has(other) && readBy(other).includes(job));
    return [job, ...readers.flatMap((reader) => this.fail(reader, inputFailed(job)))];
  }
}

function inputFailed({ request }: Job): AssayError {
  const { measurement, system, dataset } = request;
  return new AssayError(
    'suite-failed',
    `it reads "${measurement.name}" of ${system} on ${dataset}, which failed`,
  );
}
