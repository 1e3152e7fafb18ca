import type { DatasetInfo } from '../../data/dataset.js';
import { AssayError, type ErrorRecord, recordError, restoreError } from '../../errors.js';
import type { SystemInfo } from '../../models/system.js';
import { loadPlugins, type PluginSources } from '../asked/plugin-modules.js';
import { catalogueWith } from '../asked/run-catalogue.js';
import type { Execution } from '../measuring/execute.js';
import type { JobCost } from '../measuring/ledger.js';
import { cutPlan, type Needs } from '../plan/cut-plan.js';
import { type Job, planRun } from '../plan/plan.js';
import { FolderStore } from '../units/store.js';
import type { ResultsInput } from './results.js';

/**
 * The input of `conclude` as plain data, for a thread without models: suites go by name and are loaded there, the
 * plan is made again, since planning is pure, and rows are read from the run folder.
 */
export interface ConcludeOrder
  extends Pick<
    ResultsInput,
    'title' | 'key' | 'config' | 'gates' | 'baseline' | 'environment' | 'warnings' | 'began' | 'stopped'
  > {
  out: string;
  sources: PluginSources;
  entries: readonly { suite: string; options: unknown; title: string; path: string; file: string }[];
  systems: readonly SystemInfo[];
  datasets: readonly DatasetInfo[];
  /** Where the plan is cut to what was needed. */
  needs?: Needs;
  seed: number;
  engine: string;
  execution: Pick<Execution, 'stored' | 'measured' | 'leftOut'> & {
    /** By key of the job. */
    costs: readonly [string, JobCost][];
    failures: readonly [string, ErrorRecord][];
    stopped?: ErrorRecord;
  };
}

export function orderOf(input: ResultsInput, sources: PluginSources, out: string): ConcludeOrder {
  const { title, key, config, gates, baseline, environment, warnings, began, stopped: left } = input;
  const { inventory, plan, execution } = input;
  const { stored, measured, costs, failures, leftOut, stopped } = execution;
  const { entries, needs } = plan.cutFrom ?? { entries: plan.suites.map(({ entry }) => entry) };
  return {
    ...{ title, key, config, gates, baseline, environment, warnings, began, stopped: left, out, sources },
    entries: entries.map(({ suite, ...entry }) => ({ ...entry, suite: suite.name })),
    systems: [...inventory.systems.values()].map(({ info }) => info),
    datasets: [...inventory.datasets.values()].map(({ info }) => info),
    ...(needs && { needs }),
    seed: inventory.seed,
    engine: inventory.engine,
    execution: {
      stored,
      measured,
      costs: [...costs].map(([{ key }, cost]) => [key, cost]),
      failures: [...failures].map(([{ key }, error]) => [key, recordError(error)]),
      ...(leftOut && { leftOut }),
      ...(stopped && { stopped: recordError(stopped) }),
    },
  };
}

/**
 * The input that an order was made from.
 * @param tell of units that were found damaged
 * Errors: as `loadPlugins`.
 */
export async function resultsInput(
  order: ConcludeOrder,
  tell?: (text: string) => void,
): Promise<ResultsInput> {
  const { title, key, config, gates, baseline, environment, warnings, began, stopped: left } = order;
  const { sources, seed, engine } = order;
  const catalogue = catalogueWith(await loadPlugins(sources), sources.file);
  const loaded = await Promise.all(
    order.entries.map(async ({ suite: name, ...entry }) => {
      const suite = await catalogue.suites.find(name)?.load();
      return suite && { ...entry, suite };
    }),
  );
  const entries = loaded.filter((entry) => entry !== undefined);
  const named = <I extends { name: string }>(infos: readonly I[]) =>
    new Map(infos.map((info) => [info.name, { info }]));
  const inventory = {
    systems: named(order.systems),
    datasets: named(order.datasets),
    catalogue,
    seed,
    engine,
  };
  const whole = planRun(entries, inventory);
  const plan = order.needs ? cutPlan(whole, order.needs) : whole;
  const jobs = new Map(plan.jobs.map((job) => [job.key, job]));
  const byJob = <T>(pairs: readonly [string, T][]) =>
    new Map(
      pairs.flatMap(([key, value]): [Job, T][] => {
        const job = jobs.get(key);
        return job ? [[job, value]] : [];
      }),
    );
  const { stored, measured, costs, failures, leftOut, stopped } = order.execution;
  return {
    ...{ title, key, config, gates, baseline, environment, warnings, began, stopped: left, inventory, plan },
    store: await FolderStore.open(order.out, tell),
    execution: {
      stored,
      measured,
      costs: byJob(costs),
      failures: byJob(failures.map(([key, error]): [string, AssayError] => [key, assayError(error)])),
      ...(leftOut && { leftOut }),
      ...(stopped && { stopped: assayError(stopped) }),
    },
  };
}

/** What was recorded of an `AssayError`. */
export function assayError(record: ErrorRecord): AssayError {
  const error = restoreError(record);
  return error instanceof AssayError
    ? error
    : new AssayError('suite-failed', record.message, { cause: error });
}
