import type { Engine } from '../../engines/engine.js';
import { AssayError } from '../../errors.js';
import type { WorkOptions } from '../asked/work-options.js';
import { inProcess } from '../measuring/executor.js';
import type { LiveUnit } from '../measuring/live-unit.js';
import type { Listener } from '../measuring/progress.js';
import type { Task } from '../measuring/queue.js';
import type { Job } from '../plan/plan.js';
import { runKey } from '../plan/seal.js';
import { FolderStore, type UnitStore } from '../units/store.js';
import type { UnitHead } from '../units/unit-file.js';
import { expectationPlan } from './expectations.js';
import { engineOf, type LoadedRun, loadRun, openRun } from './open-run.js';
import { measureEnvironment, planned, salvageFor } from './planned.js';
import { differences, identityOf, type RunIdentity } from './run-identity.js';

/** Measures units of a run for whoever names them, in this process or on this machine. */
export interface Performer {
  readonly identity: RunIdentity;
  /**
   * Measures a unit and stores it, with its systems and data sets opened when they are first needed. Several may be under
   * way. Returns what the unit says of itself once the store has it.
   * Errors: `not-planned` for a key that this run does not have; as `Executor.measure`.
   */
  perform(key: string, live: LiveUnit, signal: AbortSignal): Promise<UnitHead>;
  close(): Promise<void>;
}

export interface PerformerOptions {
  /** The run file. */
  file: string;
  options: WorkOptions;
  /** The run file and the engine, where they are there already: see `loadPerformer`. */
  loaded?: LoadedPerformer;
  /** The run folder, or a folder that stands for it: descriptions and units lie there. */
  out: string;
  /** Where units go and where the rows that they read are. Default: the run folder. */
  store?: UnitStore;
  /** Of whoever names the units. */
  sender?: RunIdentity;
  /** Told of what is fetched and opened. */
  notify?: Listener | undefined;
  /** Ends the fetching. */
  signal?: AbortSignal | undefined;
}

/** What does not depend on what a run comes to. Whoever opens a performer with it has it closed. */
export interface LoadedPerformer {
  run: LoadedRun;
  engine: Engine;
}

/** Errors: those of run files and plug-ins, and of engines. */
export async function loadPerformer({
  file,
  options,
}: Pick<PerformerOptions, 'file' | 'options'>): Promise<LoadedPerformer> {
  const run = await loadRun(file, options);
  return { run, engine: await engineOf(run, options) };
}

/**
 * Plans a run again from its file. What is not the same as with the sender gives other keys: such a unit is refused, never
 * measured.
 * Errors: those of run files, plug-ins, models and data.
 */
export async function openPerformer({
  file,
  options,
  loaded,
  out,
  store: given,
  sender,
  notify,
  signal,
}: PerformerOptions): Promise<Performer> {
  const store = given ?? (await FolderStore.open(out));
  const { run, engine } = loaded ?? (await loadPerformer({ file, options }));
  const closing = [() => engine.close()];
  const close = async () => {
    for (const one of closing.splice(0).reverse()) await one();
  };
  try {
    const opened = await openRun(run, engine, {
      ...options,
      out,
      ...(notify && { notify }),
      ...(signal && { signal }),
    });
    closing.push(opened.close);
    const { spec } = opened;
    const { evaluation, plan } = await planned(spec);
    const checked =
      spec.expectations.length > 0 ? expectationPlan(spec.expectations, evaluation).plan.jobs : [];
    const tasks = tasksOf([...checked, ...plan.jobs]);
    const identity = identityOf(run, evaluation.engine, runKey(spec.config, plan.jobs));
    const executor = inProcess(measureEnvironment(evaluation, store, await salvageFor(spec, plan, store)));
    const underWay: Task[] = [];
    let last: Job | undefined;
    /** What is kept for a job may go once units of another come: they come job by job. */
    const dropBefore = ({ job }: Task) => {
      if (last && last !== job && !underWay.some((one) => one.job === last)) executor.drop?.(last);
    };
    const performer: Performer = {
      identity,
      async perform(key, live, signal) {
        const task = tasks.get(key);
        if (!task) throw notPlanned(key, file, identity, sender);
        dropBefore(task);
        underWay.push(task);
        try {
          return await executor.measure(task, live, signal);
        } finally {
          underWay.splice(underWay.indexOf(task), 1);
          last = task.job;
        }
      },
      close,
    };
    return performer;
  } catch (error) {
    await close();
    throw error;
  }
}

/** Units by key. */
function tasksOf(jobs: readonly Job[]): Map<string, Task> {
  const tasks = new Map<string, Task>();
  for (const job of jobs) for (const unit of job.units) tasks.set(unit.key, { job, unit });
  return tasks;
}

function notPlanned(key: string, file: string, ours: RunIdentity, theirs?: RunIdentity): AssayError {
  return new AssayError('not-planned', 'this worker does not have the unit that it is asked for', {
    file,
    path: `unit ${key.slice(0, 12)}`,
    expected: theirs ? inWords(theirs) : 'the same run file, data, models, options and version of Assay',
    found: inWords(ours),
    hint: (theirs && differences(theirs, ours)[0]?.hint) ?? REMEDY,
  });
}

const REMEDY = 'give workers the same version of Assay, and the same files and options as the run';

const inWords = ({ assay, engine, run, program }: RunIdentity): string =>
  `assay ${assay} (${program.slice(0, 8)}), ${engine}, run ${run.slice(0, 12)}`;
