import type { SystemInfo } from '../../models/system.js';
import type { Catalogue } from '../../suites/catalogue.js';
import type { Job, Unit } from '../plan/plan.js';
import type { PlanCost } from '../plan/plan-cost.js';
import { Forecast } from './forecast.js';
import { LiveUnit } from './live-unit.js';
import { PassMeter } from './pass-meter.js';
import type { Listener, Status } from './progress.js';
import type { Task } from './queue.js';
import { SharedClock } from './shared-clock.js';

/** How often progress inside a unit is told, in ms. */
const TICK = 1000;

export interface RunProgressOptions {
  /** The description of a system, by name. */
  infoOf: (system: string) => SystemInfo | undefined;
  /** What measurements can name. Default: what comes with Assay. */
  catalogue?: Catalogue | undefined;
  notify: Listener;
  /** In ms. Default: a second. */
  tick?: number | undefined;
}

/** Follows what is measured, and tells of it: of every unit that begins or ends, and every second in between. */
export class RunProgress {
  /** One for what units cost, another for how long the run takes: units are stored while others are measured. */
  private readonly measuring = new SharedClock();
  private readonly keeping = new SharedClock();
  private readonly meter = new PassMeter();
  private readonly forecast: Forecast;
  private readonly notify: Listener;
  /** In the order in which they began. */
  private readonly running = new Map<Task, LiveUnit>();
  private readonly timer: NodeJS.Timeout;
  private others = 0;

  constructor(jobs: readonly Job[], { infoOf, catalogue, notify, tick = TICK }: RunProgressOptions) {
    this.forecast = new Forecast(jobs, this.meter, infoOf, catalogue);
    this.notify = notify;
    this.timer = setInterval(() => this.tell(), tick).unref();
  }

  /** Measured by an earlier run. */
  stored(job: Job, unit: Unit, seconds: number): void {
    this.forecast.stored(job, unit, seconds);
  }

  /** Measured by others. */
  elsewhere(job: Job, unit: Unit): void {
    this.forecast.elsewhere(job, unit);
  }

  planned(cost: PlanCost): void {
    const { done, units } = this.forecast.status();
    this.notify({ kind: 'plan', units, stored: done, cost });
  }

  started(task: Task): LiveUnit {
    const live = new LiveUnit(this.meter, this.measuring.start(), this.keeping.start());
    this.running.set(task, live);
    this.forecast.started(task.job, task.unit, live);
    this.notify({ kind: 'unit-started', ...task, status: this.status() });
    return live;
  }

  finished(task: Task): void {
    const seconds = this.close(task);
    this.forecast.finished(task.job, task.unit);
    this.notify({ kind: 'unit-finished', ...task, seconds, status: this.status() });
  }

  /** Another process has measured it since. */
  found({ job, unit }: Task, seconds: number): void {
    this.forecast.stored(job, unit, seconds);
  }

  /** So many units are measured by other processes now. */
  awaited(units: number): void {
    this.others = units;
  }

  /** A unit that counted as stored is to be measured again. */
  reopened(job: Job, unit: Unit): void {
    this.forecast.reopened(job, unit);
  }

  /** Not measured yet: it waits for a unit that was reopened. */
  putBack(task: Task): void {
    this.close(task);
    this.forecast.reopened(task.job, task.unit);
  }

  /** It failed, and is done without. */
  leftOut(task: Task): void {
    this.close(task);
    this.forecast.finished(task.job, task.unit);
  }

  /** Not measured, since everything ends: nothing is told. */
  stopped(task: Task): void {
    this.close(task);
  }

  /** @param dropped jobs that are given up, the one that failed first */
  failed(task: Task, dropped: readonly Job[], message: string): void {
    this.close(task);
    for (const job of dropped) this.forecast.dropped(job);
    this.notify({ kind: 'job-failed', job: task.job, message });
  }

  /** Nothing more is told. */
  end(): void {
    clearInterval(this.timer);
  }

  private close(task: Task): number {
    const seconds = this.running.get(task)?.close() ?? 0;
    this.running.delete(task);
    return seconds;
  }

  private status(): Status {
    const status = this.forecast.status();
    return this.others > 0 ? { ...status, elsewhere: this.others } : status;
  }

  private tell(): void {
    const [task] = this.running.keys();
    if (!task) {
      if (this.others === 0) return;
      const { done, units: of } = this.forecast.status();
      this.notify({ kind: 'stage', text: 'waiting for what other processes measure', done, of });
      return;
    }
    const passes = this.forecast.passCount(task.job, task.unit);
    this.notify({ kind: 'unit-progress', ...task, ...passes, status: this.status() });
  }
}
