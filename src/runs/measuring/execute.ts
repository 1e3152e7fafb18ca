import { alone, type Claims } from '../../bytes/claims.js';
import { interruption } from '../../concurrency.js';
import type { AssayError } from '../../errors.js';
import type { Inventory } from '../inventory/inventory.js';
import { dearestFirst } from '../plan/job-order.js';
import type { Job, Unit } from '../plan/plan.js';
import { planCost } from '../plan/plan-cost.js';
import { UnitLost } from '../rows/collect.js';
import { type Stock, stockOf, storedUnit } from '../rows/stored-units.js';
import type { UnitStore } from '../units/store.js';
import type { UnitHead } from '../units/unit-file.js';
import { ATTEMPTS, asFailure, mayPassElsewhere, measureInTime, placeOf } from './attempt.js';
import { Elsewhere } from './elsewhere.js';
import type { Executor } from './executor.js';
import { FailedUnits } from './failed-units.js';
import { type JobCost, Ledger } from './ledger.js';
import type { FailOnError, LeftOut } from './left-out.js';
import type { Listener } from './progress.js';
import { type Task, UnitQueue } from './queue.js';
import { RunProgress } from './run-progress.js';

export interface Execution {
  /** Units that were there already, and that were measured now. */
  stored: number;
  measured: number;
  costs: ReadonlyMap<Job, JobCost>;
  /** Jobs that failed, or could not start because an input failed. */
  failures: ReadonlyMap<Job, AssayError>;
  /** Units that failed and are done without, and those that read their rows. Absent: none. */
  leftOut?: readonly LeftOut[];
  /** What stopped everything: the user, or an output that cannot be written. */
  stopped?: AssayError;
}

/** Before anything was measured. */
export const NOTHING_DONE: Execution = { stored: 0, measured: 0, costs: new Map(), failures: new Map() };

/** Who measures, where units lie, and who hears of it. */
export interface ExecuteOptions extends Pick<Inventory, 'systems' | 'catalogue'> {
  executor: Executor;
  store: UnitStore;
  /** Who else may measure the same. Default: nobody. */
  claims?: Claims;
  signal: AbortSignal;
  notify: Listener;
  /** Whether a unit is to be measured here, by its key; the others are measured elsewhere. Default: all are. */
  due?: (key: string) => boolean;
  /** Seconds that a unit may take. Default: as long as it likes. */
  unitTimeout?: number | undefined;
  /** When failed units end their measurement. Default: the first does. */
  failOnError?: FailOnError | undefined;
  /** (n) source indices of the examples of a unit, for units that are done without. Errors: those of the data. */
  indicesOf?: (task: Task) => Promise<Int32Array>;
  /** How often progress inside a unit is told, in ms. */
  tick?: number;
}

/**
 * Has every unit measured that is not stored yet, the dearest first. Of stored units only the heads are read: where
 * one turns out to be damaged when another reads its rows, it is measured again first. A failing job ends that job and
 * those that read its rows; the others go on.
 */
export async function execute(jobs: readonly Job[], options: ExecuteOptions): Promise<Execution> {
  const measuring = new Measuring(jobs, options, await stockOf(jobs, options.store, options.due));
  await measuring.toTheEnd();
  return measuring.execution();
}

/** Units of some jobs, while they are measured. */
class Measuring {
  private readonly ledger = new Ledger();
  private readonly progress: RunProgress;
  private readonly queue: UnitQueue;
  private readonly failed: FailedUnits;
  /** Units that others have claimed. */
  private readonly elsewhere = new Elsewhere();
  /** Units that were there already. */
  private readonly stored = new Set<Unit>();
  /** Units that were there, and damaged. */
  private readonly regained = new Set<Unit>();
  private readonly halt = new AbortController();
  private readonly signal: AbortSignal;
  private stopped: AssayError | undefined;

  constructor(
    jobs: readonly Job[],
    private readonly options: ExecuteOptions,
    { stored, missing }: Stock,
  ) {
    const { systems, catalogue, notify, tick, due, failOnError = true, indicesOf } = options;
    const infoOf = (name: string) => systems.get(name)?.info;
    this.progress = new RunProgress(jobs, { infoOf, catalogue, notify, tick });
    for (const job of jobs) {
      const [heads, own] = [stored.get(job), new Set(missing.get(job))];
      for (const unit of job.units) {
        const head = heads?.get(unit);
        if (head) {
          this.stored.add(unit);
          this.ledger.enter(job, unit, head);
          this.progress.stored(job, unit, head.seconds);
        } else if (!own.has(unit)) this.progress.elsewhere(job, unit);
      }
    }
    this.progress.planned(planCost({ jobs }, options, { stored, ...(due && { due }) }));
    this.queue = new UnitQueue(dearestFirst(jobs, options), missing);
    const { progress } = this;
    this.failed = new FailedUnits(jobs, this.queue, { failOnError, indicesOf, progress, notify });
    this.signal = AbortSignal.any([options.signal, this.halt.signal]);
  }

  /** As many units side by side as the executor has lanes, until none is left or everything is to end. */
  async toTheEnd(): Promise<void> {
    const { executor, signal } = this.options;
    const running = new Set<Promise<void>>();
    for (;;) {
      if (signal.aborted) this.stopped ??= interruption(signal);
      while (!this.stopped && running.size < executor.lanes) {
        const task = this.elsewhere.due() ?? this.queue.take();
        if (!task) break;
        const performing = this.perform(task).finally(() => running.delete(performing));
        running.add(performing);
      }
      const waiting = !this.stopped && this.elsewhere.size > 0;
      if (running.size === 0 && !waiting) break;
      const enough = new AbortController();
      const due = waiting ? [this.elsewhere.untilDue(AbortSignal.any([this.signal, enough.signal]))] : [];
      await Promise.race([...running, ...due]);
      enough.abort();
    }
    this.progress.end();
  }

  execution(): Execution {
    const { ledger, stored, queue, stopped } = this;
    const { left } = this.failed;
    return {
      stored: stored.size,
      measured: ledger.entered().length - stored.size,
      costs: ledger.costs(),
      failures: queue.failures,
      ...(left.length > 0 && { leftOut: left }),
      ...(stopped && { stopped }),
    };
  }

  private async perform(task: Task): Promise<void> {
    const { claims = alone, store } = this.options;
    const { job, unit } = task;
    // It was waited for, and its job has failed meanwhile.
    if (this.queue.failures.has(job)) return;
    const claim = await claims.take(unit.key);
    try {
      // Looked for with the claim in hand: nobody can store it in between.
      const head = await storedUnit(job, unit, store);
      if (head) this.found(task, head);
      else if (claim) await this.measure(task);
      else this.elsewhere.wait(task);
    } catch (thrown) {
      await this.comeToNothing(task, thrown);
    } finally {
      await claim?.release();
      this.progress.awaited(this.elsewhere.size);
    }
  }

  /** Another process has measured it. */
  private found(task: Task, head: UnitHead): void {
    if (!this.regained.has(task.unit)) this.stored.add(task.unit);
    this.progress.found(task, head.seconds);
    this.done(task, head);
  }

  private async measure(task: Task): Promise<void> {
    const { executor, unitTimeout: timeout } = this.options;
    const live = this.progress.started(task);
    this.done(task, await measureInTime(executor, task, live, { signal: this.signal, timeout }));
    this.progress.finished(task);
  }

  private done(task: Task, head: UnitHead): void {
    this.ledger.enter(task.job, task.unit, head);
    if (this.queue.done(task)) this.options.executor.drop?.(task.job);
  }

  /** What becomes of a unit that is not there when it should be. */
  private comeToNothing(task: Task, thrown: unknown): Promise<void> {
    if (!(thrown instanceof UnitLost)) return this.fail(task, thrown);
    return this.regain(thrown).then(
      () => {
        this.queue.putBack(task);
        this.progress.putBack(task);
      },
      (error: unknown) => this.fail(task, error),
    );
  }

  /** Has a damaged unit measured again. Errors: that it is lost, where that was done already and did not help. */
  private async regain(lost: UnitLost): Promise<void> {
    const { job, unit } = lost;
    // Whoever measured may have a store of its own: this one learns that the unit is damaged, too.
    await this.options.store.read(unit.key);
    if (!this.stored.delete(unit)) {
      if (this.queue.waitsFor(job)) return;
      throw lost;
    }
    this.regained.add(unit);
    this.ledger.lose(unit);
    this.queue.again(job, unit);
    this.progress.reopened(job, unit);
  }

  private async fail(task: Task, thrown: unknown): Promise<void> {
    const { queue, progress, options } = this;
    const { job, attempt = 1 } = task;
    const error = asFailure(thrown, job, options.signal);
    if (error.code === 'interrupted' || error.code === 'output-unwritable') {
      this.stopped ??= error;
      queue.failures.set(job, this.stopped);
      progress.stopped(task);
      this.halt.abort(this.stopped);
    } else if (attempt < ATTEMPTS && mayPassElsewhere(thrown)) {
      queue.retry(task);
      progress.putBack(task);
      options.notify({ kind: 'note', text: `trying once more: ${placeOf(task)}: ${error.message}` });
    } else await this.failed.enter(task, error);
  }
}
