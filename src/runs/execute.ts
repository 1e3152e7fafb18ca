import type { Dataset, Examples } from '../data/dataset.js';
import { AssayError } from '../errors.js';
import type { Passes, System } from '../models/system.js';
import type { Rows } from '../suites/contract.js';
import { interruption } from '../suites/measurements/batches.js';
import { collectRange } from './collect.js';
import { counted } from './counted-system.js';
import type { Job, Unit } from './plan.js';
import { Forecast, type Listener } from './progress.js';
import { type Task, UnitQueue } from './queue.js';
import { SharedClock } from './shared-clock.js';
import type { UnitStore } from './store.js';
import type { UnitRecord } from './unit-file.js';

/** What units are measured with. */
export interface Bench {
  systems: ReadonlyMap<string, System>;
  datasets: ReadonlyMap<string, Dataset>;
  seed: number;
  store: UnitStore;
  signal: AbortSignal;
  notify: Listener;
}

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
export async function execute(jobs: readonly Job[], bench: Bench): Promise<Execution> {
  const ledger = new Ledger(jobs);
  const missing = new Map<Job, Unit[]>();
  for (const job of jobs) {
    for (const unit of job.units) {
      const record = await bench.store.read(unit.key);
      if (record) ledger.enter(job, unit, record);
      else missing.set(job, [...(missing.get(job) ?? []), unit]);
    }
  }
  const stored = ledger.units;
  bench.notify({ kind: 'plan', units: ledger.forecast.status().units, stored });
  const queue = new UnitQueue(jobs, missing);
  const clock = new SharedClock();
  const halt = new AbortController();
  const signal = AbortSignal.any([bench.signal, halt.signal]);
  let stopped: AssayError | undefined;
  const perform = async (task: Task) => {
    const { job, unit } = task;
    bench.notify({ kind: 'unit-started', job, unit, status: ledger.forecast.status() });
    const stop = clock.start();
    try {
      const measured = await measureUnit(job, unit, { ...bench, signal });
      const record = { ...measured, seconds: stop() };
      await bench.store.write(record);
      ledger.enter(job, unit, record);
      queue.done(task);
      const status = ledger.forecast.status();
      bench.notify({ kind: 'unit-finished', job, unit, seconds: record.seconds, status });
    } catch (thrown) {
      stop();
      const error = asFailure(thrown, job, bench.signal);
      if (error.code === 'interrupted' || error.code === 'output-unwritable') {
        stopped ??= error;
        queue.failures.set(job, stopped);
        halt.abort(stopped);
        return;
      }
      for (const failed of queue.fail(job, error)) ledger.forecast.dropped(failed);
      bench.notify({ kind: 'job-failed', job, message: error.message });
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
  const { costs, units } = ledger;
  return { stored, measured: units - stored, costs, failures: queue.failures, ...(stopped && { stopped }) };
}

/** What was measured so far, and what it cost. */
class Ledger {
  readonly costs = new Map<Job, JobCost>();
  readonly forecast: Forecast;
  units = 0;

  constructor(jobs: readonly Job[]) {
    this.forecast = new Forecast(jobs);
  }

  enter(job: Job, unit: Unit, { passes, seconds, indices }: UnitRecord): void {
    this.units++;
    this.forecast.finished(job, unit, seconds);
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

async function measureUnit(job: Job, unit: Unit, bench: Bench): Promise<Omit<UnitRecord, 'seconds'>> {
  const { request } = job;
  const passes: Passes = { forward: 0, gradient: 0 };
  const system = present(bench.systems.get(request.system), request.system);
  const dataset = present(bench.datasets.get(request.dataset), request.dataset);
  const examples = await dataset.read(unit.start, unit.end);
  refuseLabels(examples, system, dataset);
  const inputs: Rows[] = [];
  for (const input of job.inputs) {
    inputs.push((await collectRange(bench.store, input, unit.start, unit.end)).rows);
  }
  const known = new Set([request.system, ...job.references, ...job.inputs.map((i) => i.request.system)]);
  const rows = await request.measurement.measure(
    {
      system: counted(system, passes),
      examples,
      inputs,
      seed: bench.seed,
      signal: bench.signal,
      systemNamed: (name) => {
        if (known.has(name)) return counted(present(bench.systems.get(name), name), passes);
        throw new AssayError(
          'suite-failed',
          `"${request.measurement.name}" uses a system it did not declare`,
          {
            expected: 'systems named in its params, so that a change of theirs recomputes the unit',
            found: name,
          },
        );
      },
    },
    request.params,
  );
  refuseRows(rows, examples.n, request.measurement.name);
  const { indices, labels } = examples;
  return { key: unit.key, rows, indices, ...(labels && { labels }), passes };
}

function present<T>(found: T | undefined, name: string): T {
  if (found === undefined) throw new AssayError('unknown-name', `nothing is called "${name}"`);
  return found;
}

/** Errors: `data-invalid` for a label that is no class of the model. OOD sets may have classes of their own. */
function refuseLabels({ labels, indices }: Examples, { info }: System, dataset: Dataset): void {
  const classes = info.classes.length;
  if (!labels || classes === 0 || dataset.info.role === 'ood') return;
  const at = labels.findIndex((label) => label < 0 || label >= classes);
  if (at < 0) return;
  throw new AssayError('data-invalid', `a label of "${dataset.info.name}" is no class of "${info.name}"`, {
    file: dataset.info.path,
    path: `example ${indices[at]}`,
    expected: `0 to ${classes - 1}: the model card has ${classes} classes`,
    found: String(labels[at]),
    hint: 'correct the labels, or `classes` in the model card; labels count from 0',
  });
}

/** Errors: `suite-failed` when columns do not have a row per example. */
function refuseRows(rows: Rows, n: number, measurement: string): void {
  for (const [name, { shape, data }] of Object.entries(rows)) {
    const count = shape.reduce((a, b) => a * b, 1);
    if (shape[0] === n && count === data.length && !name.startsWith('@')) continue;
    throw new AssayError('suite-failed', `the measurement "${measurement}" returned rows that do not fit`, {
      path: `row "${name}"`,
      expected: `a name without "@", shape (${n}, ...) and as many numbers`,
      found: `shape (${shape.join(', ')}) and ${data.length} numbers`,
      hint: 'return one row per example, in the order of `examples`',
    });
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
