import { interruption } from '../concurrency.js';
import { AssayError } from '../errors.js';
import type { Passes } from '../models/system.js';
import { type Bench, measureUnit } from './measure-unit.js';
import type { Job, Unit } from './plan.js';
import type { Listener } from './progress.js';
import { type Task, UnitQueue } from './queue.js';
import { RunProgress } from './run-progress.js';
import type { UnitStore } from './store.js';
import { columnsOf, type UnitRecord } from './unit-file.js';

/** What the units of a job cost, whenever and by whom they were measured. */
export interface JobCost {
  units: number;
  examples: number;
  passes: Passes;
  seconds: number;
}

export interface Execution {
  /** Units that were there already, and that were measured now. */
  stored: number;
  measured: number;
  costs: ReadonlyMap<Job, JobCost>;
  /** Jobs that failed, or could not start because an input failed. */
  failures: ReadonlyMap<Job, AssayError>;
  /** What stopped everything: the user, or an output that cannot be written. */
  stopped?: AssayError;
}

/**
 * Units in flight. Towards its end a unit leaves sessions of the engine idle; the next one fills them. Which units
 * run side by side changes no row.
 */
const LANES = 2;

/**
 * Measures every unit that is not stored yet, jobs in the given order. A failing job ends that job and those that
 * read its rows; the others go on.
 */
export async function execute(
  jobs: readonly Job[],
  bench: Bench & { notify: Listener; tick?: number },
): Promise<Execution> {
  const ledger = new Ledger();
  const { notify, tick } = bench;
  const progress = new RunProgress(jobs, { infoOf: (name) => bench.systems.get(name)?.info, notify, tick });
  const missing = new Map<Job, Unit[]>();
  for (const job of jobs) {
    const found = await storedUnits(job, bench.store);
    for (const [unit, record] of found) {
      ledger.enter(job, record);
      progress.stored(job, unit, record.seconds);
    }
    const rest = job.units.filter((unit) => !found.has(unit));
    if (rest.length > 0) missing.set(job, rest);
  }
  const stored = ledger.units;
  progress.planned();
  const queue = new UnitQueue(jobs, missing);
  const halt = new AbortController();
  const signal = AbortSignal.any([bench.signal, halt.signal]);
  let stopped: AssayError | undefined;
  const perform = async (task: Task) => {
    const { job, unit } = task;
    const live = progress.started(task);
    try {
      const measured = await measureUnit(job, unit, { ...bench, signal }, live);
      const record = { ...measured, seconds: live.measured() };
      await bench.store.write(record);
      ledger.enter(job, record);
      queue.done(task);
      progress.finished(task);
    } catch (thrown) {
      const error = asFailure(thrown, job, bench.signal);
      if (error.code === 'interrupted' || error.code === 'output-unwritable') {
        stopped ??= error;
        queue.failures.set(job, stopped);
        progress.stopped(task);
        halt.abort(stopped);
        return;
      }
      progress.failed(task, queue.fail(job, error), error.message);
    }
  };
  const running = new Set<Promise<void>>();
  for (;;) {
    if (bench.signal.aborted) stopped ??= interruption(bench.signal);
    while (!stopped && running.size < LANES) {
      const task = queue.take();
      if (!task) break;
      const performing = perform(task).finally(() => running.delete(performing));
      running.add(performing);
    }
    if (running.size === 0) break;
    await Promise.race(running);
  }
  progress.end();
  const { costs, units } = ledger;
  return { stored, measured: units - stored, costs, failures: queue.failures, ...(stopped && { stopped }) };
}

/**
 * The units of a job that are stored, without their rows. One of another length, or with other columns than most,
 * was not measured by this job, whatever its name: it is measured anew.
 */
async function storedUnits({ units }: Job, store: UnitStore): Promise<Map<Unit, UnitCost>> {
  const alike = new Map<string, Map<Unit, UnitCost>>();
  for (const unit of units) {
    const record = await store.read(unit.key);
    if (record?.indices.length !== unit.end - unit.start) continue;
    const { rows, passes, seconds, indices } = record;
    const columns = columnsOf(rows);
    alike.set(columns, (alike.get(columns) ?? new Map()).set(unit, { passes, seconds, indices }));
  }
  const [most] = [...alike.values()].sort((a, b) => b.size - a.size);
  return most ?? new Map();
}

type UnitCost = Pick<UnitRecord, 'passes' | 'seconds' | 'indices'>;

/** What was measured so far, and what it cost. */
class Ledger {
  readonly costs = new Map<Job, JobCost>();
  units = 0;

  enter(job: Job, { passes, seconds, indices }: UnitCost): void {
    this.units++;
    const cost = this.costs.get(job) ?? {
      units: 0,
      examples: 0,
      passes: { forward: 0, gradient: 0 },
      seconds: 0,
    };
    cost.units++;
    cost.examples += indices.length;
    cost.passes.forward += passes.forward;
    cost.passes.gradient += passes.gradient;
    cost.seconds += seconds;
    this.costs.set(job, cost);
  }
}

/** Whatever a measurement throws, as an error that names what was being measured. */
function asFailure(thrown: unknown, { request }: Job, signal: AbortSignal): AssayError {
  if (signal.aborted) return interruption(signal);
  if (thrown instanceof AssayError) return thrown;
  const { measurement, system, dataset } = request;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new AssayError('suite-failed', `the measurement "${measurement.name}" failed: ${message}`, {
    path: `${measurement.name} of ${system} on ${dataset}`,
    hint: 'run again with --debug to see where; if it is a suite of your own, correct it there',
    cause: thrown,
  });
}
