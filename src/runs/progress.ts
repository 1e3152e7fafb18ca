import type { Job, Unit } from './plan.js';

/** What happens during a run, for whoever shows it. */
export type ProgressEvent =
  /** Before anything is measured. */
  | { kind: 'plan'; units: number; stored: number }
  | { kind: 'unit-started'; job: Job; unit: Unit; status: Status }
  | { kind: 'unit-finished'; job: Job; unit: Unit; seconds: number; status: Status }
  | { kind: 'job-failed'; job: Job; message: string }
  /** `done` of `of` pieces are, where they can be counted. */
  | { kind: 'stage'; text: string; done?: number; of?: number };

export interface Status {
  /** Units finished, stored ones included, of all. */
  done: number;
  units: number;
  /** Seconds until the last unit is done; undefined until something comparable was measured. */
  secondsLeft: number | undefined;
}

export type Listener = (event: ProgressEvent) => void;

/**
 * Estimates what is left from seconds per example: of the same job, else of the same measurement. Another measurement
 * is no evidence: an attack takes a thousand times as long as a clean pass.
 */
export class Forecast {
  private readonly seconds = new Map<string, { seconds: number; examples: number }>();
  private readonly pending = new Map<Job, Set<Unit>>();
  private done = 0;
  private readonly units: number;

  constructor(jobs: readonly Job[]) {
    for (const job of jobs) this.pending.set(job, new Set(job.units));
    this.units = jobs.reduce((sum, job) => sum + job.units.length, 0);
  }

  /** @param seconds what it took, also when that was in an earlier process */
  finished(job: Job, unit: Unit, seconds: number): void {
    this.pending.get(job)?.delete(unit);
    this.done++;
    for (const key of this.groups(job)) {
      const group = this.seconds.get(key) ?? { seconds: 0, examples: 0 };
      group.seconds += seconds;
      group.examples += unit.end - unit.start;
      this.seconds.set(key, group);
    }
  }

  /** Nothing more is expected of the job. */
  dropped(job: Job): void {
    this.done += this.pending.get(job)?.size ?? 0;
    this.pending.delete(job);
  }

  status(): Status {
    let secondsLeft: number | undefined = 0;
    for (const [job, units] of this.pending) {
      const examples = [...units].reduce((sum, { start, end }) => sum + end - start, 0);
      if (examples === 0) continue;
      const known = this.groups(job)
        .map((key) => this.seconds.get(key))
        .find((group) => group);
      secondsLeft =
        known && secondsLeft !== undefined
          ? secondsLeft + (examples * known.seconds) / Math.max(1, known.examples)
          : undefined;
    }
    return { done: this.done, units: this.units, secondsLeft };
  }

  private groups({ key, request }: Job): string[] {
    return [key, `measurement ${request.measurement.name}`];
  }
}
