import { interruption } from '../concurrency.js';
import type { AssayError } from '../errors.js';
import { ATTEMPTS, asFailure, mayPassElsewhere, measureInTime, placeOf } from './attempt.js';
import { alone, type Claims } from './claims.js';
import { UnitLost } from './collect.js';
import { Elsewhere } from './elsewhere.js';
import type { Executor } from './executor.js';
import { fitsUnit } from './fits-columns.js';
import type { Inventory } from './inventory.js';
import { dearestFirst } from './job-order.js';
import { type JobCost, Ledger } from './ledger.js';
import { type FailOnError, type LeftOut, tolerated } from './left-out.js';
import type { Job, Unit } from './plan.js';
import { planCost } from './plan-cost.js';
import type { Listener } from './progress.js';
import { type Task, UnitQueue } from './queue.js';
import { RunProgress } from './run-progress.js';
import type { UnitStore } from './store.js';
import type { UnitHead } from './unit-file.js';

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
  const { executor, store, claims = alone, systems, catalogue, notify, tick } = options;
  const { due = () => true, unitTimeout, failOnError = true } = options;
  const ledger = new Ledger();
  const progress = new RunProgress(jobs, {
    infoOf: (name) => systems.get(name)?.info,
    catalogue,
    notify,
    tick,
  });
  const missing = new Map<Job, Unit[]>();
  const heads = new Map<Job, ReadonlyMap<Unit, UnitHead>>();
  for (const job of jobs) {
    const own = await storedUnits(job, store);
    heads.set(job, own);
    for (const [unit, head] of own) {
      ledger.enter(job, unit, head);
      progress.stored(job, unit, head.seconds);
    }
    const rest: Unit[] = [];
    for (const unit of job.units)
      if (!own.has(unit))
        if (due(unit.key)) rest.push(unit);
        else progress.elsewhere(job, unit);
    if (rest.length > 0) missing.set(job, rest);
  }
  const stored = new Set(ledger.entered());
  /** Units that were there, and damaged. */
  const regained = new Set<Unit>();
  progress.planned(planCost({ jobs }, options, { stored: heads, due }));
  const queue = new UnitQueue(dearestFirst(jobs, options), missing);
  const elsewhere = new Elsewhere();
  /** Units that failed for good, one by one. */
  const failed = new Map<Task, AssayError>();
  const left: LeftOut[] = [];
  const mayFail = tolerated(
    failOnError,
    jobs.reduce((sum, { units }) => sum + units.length, 0),
  );
  const halt = new AbortController();
  const signal = AbortSignal.any([options.signal, halt.signal]);
  let stopped: AssayError | undefined;
  const perform = async (task: Task) => {
    const { job, unit } = task;
    // It was waited for, and its job has failed meanwhile.
    if (queue.failures.has(job)) return;
    const claim = await claims.take(unit.key);
    try {
      // Looked for with the claim in hand: nobody can store it in between.
      const head = await storedUnit(job, unit, store);
      if (head) found(task, head);
      else if (claim) await measure(task);
      else elsewhere.wait(task);
    } finally {
      await claim?.release();
      progress.awaited(elsewhere.size);
    }
  };
  /** Another process has measured it. */
  const found = (task: Task, head: UnitHead) => {
    ledger.enter(task.job, task.unit, head);
    if (!regained.has(task.unit)) stored.add(task.unit);
    progress.found(task, head.seconds);
    if (queue.done(task)) executor.drop?.(task.job);
  };
  const measure = async (task: Task) => {
    const { job, unit, attempt = 1 } = task;
    const live = progress.started(task);
    try {
      ledger.enter(job, unit, await measureInTime(executor, task, live, { signal, timeout: unitTimeout }));
      if (queue.done(task)) executor.drop?.(job);
      progress.finished(task);
    } catch (thrown) {
      if (thrown instanceof UnitLost && (await regain(thrown))) {
        queue.putBack(task);
        progress.putBack(task);
        return;
      }
      const error = asFailure(thrown, job, options.signal);
      if (error.code === 'interrupted' || error.code === 'output-unwritable') {
        stopped ??= error;
        queue.failures.set(job, stopped);
        progress.stopped(task);
        halt.abort(stopped);
      } else if (attempt < ATTEMPTS && mayPassElsewhere(thrown)) {
        queue.retry(task);
        progress.putBack(task);
        notify({ kind: 'note', text: `trying once more: ${placeOf(task)}: ${error.message}` });
      } else if (!(await leaveOut(task, error))) fail(task, error);
    }
  };
  const fail = (task: Task, error: AssayError) =>
    progress.failed(task, queue.fail(task.job, error), error.message);
  /** Does without a unit; false where that is one too many, or its measurement is worth nothing without it. */
  const leaveOut = async (task: Task, error: AssayError): Promise<boolean> => {
    failed.set(task, error);
    if (failed.size > mayFail) {
      // From now on none is done without, not even those that failed before.
      for (const [earlier, why] of failed)
        if (!queue.failures.has(earlier.job) && earlier !== task) fail(earlier, why);
      left.length = 0;
      return false;
    }
    const tasks = queue.leaveOut(task);
    const found = await Promise.all((tasks ?? []).map((one) => options.indicesOf?.(one))).catch(
      () => undefined,
    );
    if (!tasks || !found || failed.size > mayFail) return false;
    for (const [i, { job, unit }] of tasks.entries()) {
      const indices = found[i];
      if (!indices) return false;
      const place = placeOf({ job, unit });
      left.push({ key: unit.key, place, reason: error.message, reader: i > 0, indices });
      if (i > 0) progress.elsewhere(job, unit);
    }
    progress.leftOut(task);
    notify({ kind: 'note', text: `left out: ${placeOf(task)}: ${error.message}` });
    return true;
  };
  /** Has a damaged unit measured again; false where that was done already and did not help. */
  const regain = async ({ job, unit }: UnitLost): Promise<boolean> => {
    // Whoever measured may have a store of its own: this one learns that the unit is damaged, too.
    await store.read(unit.key);
    if (!stored.delete(unit)) return queue.waitsFor(job);
    regained.add(unit);
    ledger.lose(unit);
    queue.again(job, unit);
    progress.reopened(job, unit);
    return true;
  };
  const running = new Set<Promise<void>>();
  for (;;) {
    if (options.signal.aborted) stopped ??= interruption(options.signal);
    while (!stopped && running.size < executor.lanes) {
      const task = elsewhere.due() ?? queue.take();
      if (!task) break;
      const performing = perform(task).finally(() => running.delete(performing));
      running.add(performing);
    }
    const waiting = !stopped && elsewhere.size > 0;
    if (running.size === 0 && !waiting) break;
    const enough = new AbortController();
    const due = waiting ? [elsewhere.untilDue(AbortSignal.any([signal, enough.signal]))] : [];
    await Promise.race([...running, ...due]);
    enough.abort();
  }
  progress.end();
  const measured = ledger.entered().length - stored.size;
  return {
    stored: stored.size,
    measured,
    costs: ledger.costs(),
    failures: queue.failures,
    ...(left.length > 0 && { leftOut: left }),
    ...(stopped && { stopped }),
  };
}

/**
 * The units of a job that are stored, by what they say of themselves. One of another length, or with other columns than
 * the measurement declares, was not measured by this job, whatever its name: it is measured anew.
 */
export async function storedUnits(job: Job, store: Pick<UnitStore, 'head'>): Promise<Map<Unit, UnitHead>> {
  const stored = new Map<Unit, UnitHead>();
  for (const unit of job.units) {
    const head = await storedUnit(job, unit, store);
    if (head) stored.set(unit, head);
  }
  return stored;
}

/** What a unit says of itself; undefined where it is not stored, or is not what its name says. */
export async function storedUnit(
  { columns }: Job,
  unit: Unit,
  store: Pick<UnitStore, 'head'>,
): Promise<UnitHead | undefined> {
  const head = await store.head(unit.key);
  return head && fitsUnit(head, unit, columns) ? head : undefined;
}
