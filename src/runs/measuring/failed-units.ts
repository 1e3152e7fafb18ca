import type { AssayError } from '../../errors.js';
import type { Job } from '../plan/plan.js';
import { placeOf } from './attempt.js';
import { type FailOnError, type LeftOut, tolerated } from './left-out.js';
import type { Listener } from './progress.js';
import type { Task, UnitQueue } from './queue.js';
import type { RunProgress } from './run-progress.js';

export interface FailedUnitsOptions {
  /** When failed units end their measurement. */
  failOnError: FailOnError;
  /** (n) source indices of the examples of a unit. Absent: no unit can be done without. */
  indicesOf?: ((task: Task) => Promise<Int32Array>) | undefined;
  progress: RunProgress;
  notify: Listener;
}

/** Units that failed for good: as many as may are done without, with those that read their rows; others end their jobs. */
export class FailedUnits {
  private readonly errors = new Map<Task, AssayError>();
  private readonly most: number;
  /** Those that are done without. */
  readonly left: LeftOut[] = [];

  constructor(
    jobs: readonly Job[],
    private readonly queue: UnitQueue,
    private readonly options: FailedUnitsOptions,
  ) {
    const units = jobs.reduce((sum, job) => sum + job.units.length, 0);
    this.most = tolerated(options.failOnError, units);
  }

  async enter(task: Task, error: AssayError): Promise<void> {
    const before = [...this.errors];
    this.errors.set(task, error);
    if (this.tooMany) {
      // From now on none is done without, not even those that failed before.
      this.left.length = 0;
      for (const [one, why] of before) if (!this.queue.failures.has(one.job)) this.fail(one, why);
    } else if (await this.leaveOut(task, error)) return;
    this.fail(task, error);
  }

  private get tooMany(): boolean {
    return this.errors.size > this.most;
  }

  private fail(task: Task, error: AssayError): void {
    this.options.progress.failed(task, this.queue.fail(task.job, error), error.message);
  }

  /** Does without a unit; false where its measurement is worth nothing without it, or others failed meanwhile. */
  private async leaveOut(task: Task, error: AssayError): Promise<boolean> {
    const { indicesOf, progress, notify } = this.options;
    const tasks = this.queue.leaveOut(task);
    if (!tasks || !indicesOf) return false;
    const indices = await Promise.all(tasks.map(indicesOf)).catch(() => undefined);
    if (!indices || this.tooMany) return false;
    for (const [i, { job, unit }] of tasks.entries()) {
      const place = placeOf({ job, unit });
      this.left.push({ key: unit.key, place, reason: error.message, reader: i > 0, indices: indices[i]! });
      if (i > 0) progress.elsewhere(job, unit);
    }
    progress.leftOut(task);
    notify({ kind: 'note', text: `left out: ${placeOf(task)}: ${error.message}` });
    return true;
  }
}
