import type { Rows } from '../../suites/columns.js';
import type { Job } from '../plan/plan.js';
import type { UnitStore } from '../units/store.js';
import { collectRange } from './collect.js';
import { failedIn, withoutFailed } from './failed-examples.js';

/**
 * Rows that every unit of a job reads, all of them, such as those a threshold is taken from: read when the first unit is
 * measured, and kept until the job is done.
 */
export class ReferenceRows {
  private readonly kept = new Map<Job, Promise<readonly Rows[]>>();

  constructor(private readonly store: UnitStore) {}

  /** Rows of each request in `reference`, without failed examples. Errors: `UnitLost`. */
  of(job: Job): Promise<readonly Rows[]> {
    const known = this.kept.get(job);
    if (known) return known;
    const reading = this.read(job);
    this.kept.set(job, reading);
    // What was missing may be there the next time.
    reading.catch(() => this.drop(job));
    return reading;
  }

  drop(job: Job): void {
    this.kept.delete(job);
  }

  private async read({ reference }: Job): Promise<readonly Rows[]> {
    const all: Rows[] = [];
    for (const { job, size } of reference) {
      const collected = await collectRange(this.store, job, 0, size);
      all.push(withoutFailed(collected, failedIn(collected)).rows);
    }
    return all;
  }
}
