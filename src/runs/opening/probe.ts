import { rm } from 'node:fs/promises';
import { noTemporaryFiles, temporaryFolder } from '../../bytes/leftovers.js';
import type { AssayError } from '../../errors.js';
import type { SuiteEntry } from '../asked/suite-entries.js';
import type { Evaluation } from '../inventory/inventory.js';
import { execute } from '../measuring/execute.js';
import { inProcess } from '../measuring/executor.js';
import type { Listener } from '../measuring/progress.js';
import { cutPlan } from '../plan/cut-plan.js';
import { type Job, type Plan, planRun, readBy } from '../plan/plan.js';
import type { Experience } from '../plan/plan-cost.js';
import { withAllRead } from '../plan/read-units.js';
import { FolderStore } from '../units/store.js';
import { measureEnvironment } from './planned.js';
import { shuffledSets } from './shuffle.js';

interface Probing {
  entries: readonly SuiteEntry[];
  evaluation: Evaluation;
  /** Of the evaluation as it is. */
  plan: Plan;
  /** Examples that are drawn of every data set. */
  examples: number;
  signal: AbortSignal;
  notify: Listener;
}

export interface Probed {
  experience: readonly Experience[];
  /** Jobs that failed, and those that read their rows. */
  failures: ReadonlyMap<Job, AssayError>;
}

/**
 * Measures what examples may end early in, and what does not say what it takes, on a few examples drawn at random, and
 * something of every system: how many passes and how much time the rest takes follows. Kept nowhere. Data sets that are
 * not much larger than that, that are read as a whole or made of others are left out.
 * Errors: none of measuring, what fails tells nothing; `interrupted`; those of writing into the system's temporary folder.
 */
export async function probed({
  entries,
  plan,
  examples,
  signal,
  notify,
  ...given
}: Probing): Promise<Probed> {
  const evaluation = shuffledSets(given.evaluation, plan, ({ size }) => size >= 2 * examples);
  const needs = new Map([...evaluation.datasets.keys()].map((name) => [name, examples]));
  const whole = planRun(entries, evaluation);
  const cut = cutPlan(
    whole,
    whole.suites.map(() => needs),
  );
  const folder = await temporaryFolder('assay-probe').catch((cause) => {
    throw noTemporaryFiles(cause);
  });
  try {
    const store = await FolderStore.open(folder);
    const environs = measureEnvironment(evaluation, store, undefined);
    const executor = inProcess(environs);
    const options = { ...environs, executor, signal, notify };
    const { costs, failures, stopped } = await execute(worthProbing(cut.jobs), options);
    await executor.close();
    if (stopped) throw stopped;
    return {
      experience: [...costs].map(
        ([job, { examples: n, passes, seconds }]): Experience => ({ job, measured: { n, passes, seconds } }),
      ),
      failures,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** In the order of the plan. */
function worthProbing(jobs: readonly Job[]): Job[] {
  const drawn = jobs.filter(({ order, request }) => order !== undefined && request.measurement.passes);
  const wanted = withAllRead(drawn.filter(({ request }) => request.measurement.endsEarly));
  const chosen = jobs.filter((job) => wanted.has(job));
  const timed = new Set(chosen.map(({ request }) => request.system));
  for (const job of jobs) {
    const { system, measurement } = job.request;
    if (timed.has(system) || !measurement.passes || readBy(job).length > 0) continue;
    timed.add(system);
    chosen.push({ ...job, units: job.units.slice(0, 1) });
  }
  return chosen;
}
