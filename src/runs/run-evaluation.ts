import { join } from 'node:path';
import { FolderClaims } from '../bytes/claims.js';
import { removeLeftovers } from '../bytes/leftovers.js';
import { stampNow } from '../bytes/stamp.js';
import { checkNames } from '../gate/names.js';
import type { Results } from '../suites/results.js';
import { warningCodes } from '../suites/warning-codes.js';
import { concludedBefore, noteConcluded } from './concluding/concluded.js';
import { conclusionOf } from './concluding/conclusion-claim.js';
import { nameableInPlan } from './concluding/nameable.js';
import { exitCodeOf, keptOutcome, type RunOutcome } from './concluding/outcome.js';
import type { ResultsInput } from './concluding/results.js';
import { environmentOf } from './folder/environment.js';
import { noteFinished } from './folder/finished.js';
import { SEAL } from './folder/outputs.js';
import { beginningOf, recordOf } from './folder/run-record.js';
import { saveJson } from './folder/save-json.js';
import { type ShardName, shardText } from './folder/shard-name.js';
import { sinceEpoch } from './folder/since-epoch.js';
import { inventoryWarnings } from './inventory/inventory.js';
import { collectGarbage } from './measuring/collect-garbage.js';
import { execute, NOTHING_DONE } from './measuring/execute.js';
import { type ExecutorFor, inProcess } from './measuring/executor.js';
import type { FailOnError } from './measuring/left-out.js';
import { indicesOf } from './measuring/measure-unit.js';
import type { Listener } from './measuring/progress.js';
import type { Task } from './measuring/queue.js';
import { measureEnvironment, planned, salvageFor } from './opening/planned.js';
import { notePlanned } from './opening/planned-units.js';
import type { RunSpec } from './opening/run-spec.js';
import { weightPerExample } from './plan/job-order.js';
import type { Job } from './plan/plan.js';
import { passesPerExample } from './plan/plan-cost.js';
import { runKey } from './plan/seal.js';
import { UnitLost } from './rows/collect.js';
import { stockOf } from './rows/stored-units.js';
import { beginShard, shardOutcome } from './shards/run-shard.js';
import type { Cache } from './units/cache.js';
import { CachedStore } from './units/cached-units.js';
import { FolderStore, type UnitStore, unitFile } from './units/store.js';

/** What a process that died left of a file of the report. Narrow: users keep files of their own in run folders. */
const HALF_WRITTEN = /^\.next\.[0-9a-f-]+\.tmp$|\.(json|html|csv|tex|png|npy)\.[0-9a-f-]+\.tmp$/;

export interface RunEvaluationOptions {
  /** The run folder. */
  out: string;
  signal: AbortSignal;
  notify: Listener;
  /** Other run folders whose units are taken over. */
  caches?: readonly Cache[];
  /** Who measures, made when something is to be measured. Default: this process. */
  executorFor?: ExecutorFor;
  /** Whether `executorFor` has units measured by the workers of a queue. */
  queued?: boolean;
  /** Measures a part of the run, for `merge`. Only with `sources`, from which suites can be loaded again. */
  shard?: ShardName;
  /** Seconds that a unit may take. Default: as long as it likes. */
  unitTimeout?: number | undefined;
  /** When failed units end their measurement, and the run with an error. Default: the first does. */
  failOnError?: FailOnError | undefined;
}

/**
 * Measures what is not stored yet, summarises, and writes run.json, results.json, examples/, images/ and the report.
 * After an interruption, and when some measurement failed, the results are partial. Where nothing is new, and all files
 * are as an earlier run wrote them, they stay.
 * Errors: `output-unwritable`, `expectation-missed`, and what planning throws; stored units are kept.
 */
export async function runEvaluation(
  spec: RunSpec,
  {
    out,
    signal,
    notify: tell,
    caches = [],
    executorFor = inProcess,
    queued,
    unitTimeout,
    failOnError,
    shard,
  }: RunEvaluationOptions,
): Promise<RunOutcome> {
  const began = sinceEpoch();
  const lastSeal = sealStamp(out);
  const { config, gates } = spec;
  const note = (text: string) => tell({ kind: 'note', text });
  const own = await FolderStore.open(out, note);
  const store = new CachedStore(own, caches, note);
  const notify: Listener = (event) => {
    if (event.kind === 'plan') store.news().forEach(note);
    tell(event);
  };
  for (const part of ['.', 'examples', 'images', 'tables'])
    await removeLeftovers(join(out, part), HALF_WRITTEN).catch(() => undefined);
  const { evaluation, plan } = await planned(spec);
  const key = runKey(config, plan.jobs);
  const record = recordOf(out, key, spec.source);
  // Suites from elsewhere may have changed.
  const ownSuites = spec.sources?.plugins.length === 0;
  const nameable = { ...nameableInPlan(plan, evaluation), ...(ownSuites && { warnings: warningCodes }) };
  checkNames(gates, nameable, spec.gatesFile ?? spec.file);
  const whole = await countStored(plan.jobs, store);
  const stored = ownSuites ? whole : undefined;
  const blessed = spec.baseline?.identity;
  const noted = async (results: Results) => {
    if (!ownSuites) return;
    const question = await spec.question?.().catch(() => undefined);
    await noteFinished(out, results, question, filesOf(plan.jobs));
  };
  const kept = stored !== undefined && (await concludedBefore(out, { record, config, blessed }));
  if (kept) {
    notify({ kind: 'plan', units: stored, stored });
    await noted(kept);
    return keptOutcome(out, kept, stored);
  }
  // What follows takes a while to load.
  const { checkExpectations } = await import('./opening/expectations.js');
  const { concludeApart } = await import('./concluding/conclude-apart.js');
  const environment = await environmentOf(evaluation.engine, spec.directory);
  const about = beginningOf(record, { title: spec.title, config, environment, inventory: evaluation });
  await saveJson(join(out, 'run.json'), about);
  const salvage = whole !== undefined ? undefined : await salvageFor(spec, plan, store);
  if (salvage) note('what --until-decided measured is used again');
  const begun = {
    ...{ title: spec.title, key, config, gates, environment, plan, began },
    baseline: spec.baseline?.directory,
    inventory: evaluation,
    warnings: [...spec.warnings, ...inventoryWarnings(evaluation)],
  };
  const { file, source, sources } = spec;
  const part = shard && (await beginShard(shard, { ...begun, file, source, sources }, out));
  const weight = (job: Job) => weightPerExample(job, passesPerExample(job, evaluation));
  const title = shard ? `${spec.title}, shard ${shardText(shard)}` : spec.title;
  const noteUnits = (jobs: readonly Job[]) =>
    notePlanned(out, title, jobs, weight, { queued, due: part?.due }).catch(({ message }: Error) =>
      note(`\`assay status\` cannot tell how far this run is: ${message}`),
    );
  await noteUnits(plan.jobs);
  const environs = measureEnvironment(evaluation, store, salvage);
  const executor = await executorFor(environs, { jobs: plan.jobs, run: key, engine: evaluation.engine });
  const claims = await FolderClaims.open(out, {}, note);
  const measuring = { ...environs, executor, claims, signal, unitTimeout, ...(part && { due: part.due }) };
  const tolerating = {
    failOnError,
    indicesOf: ({ job, unit }: Task) => indicesOf(job, unit, environs),
  };
  const { expectations, partial } = spec;
  if (expectations.length > 0) notify({ kind: 'stage', text: 'checking expected accuracy' });
  const unlessIdle: Listener = (event) => {
    if (event.kind !== 'plan' || event.stored < event.units) notify(event);
  };
  let before = 0;
  /** What the check of expected accuracy has just measured is neither to be measured nor reused. */
  const withoutChecked: Listener = (event) => {
    if (event.kind !== 'plan') return notify(event);
    const stored = Math.max(0, event.stored - before);
    const units = event.units - (event.stored - stored);
    if (units > 0) notify({ ...event, units, stored });
  };
  /** Every look has a plan of its own: what is told of looks says more. */
  const withoutPlans: Listener = (event) => {
    if (event.kind !== 'plan') notify(event);
  };
  const untilDecided = async (): Promise<Measured> => {
    const { measureUntilDecided } = await import('./concluding/until-decided.js');
    return measureUntilDecided(plan, {
      rules: gates,
      inventory: evaluation,
      store,
      measure: (jobs) => execute(jobs, { ...measuring, ...tolerating, notify: withoutPlans }),
      tell: note,
    });
  };
  const attempt = async (): Promise<RunOutcome> => {
    const checked = await checkExpectations(
      expectations,
      evaluation,
      { ...measuring, notify: unlessIdle },
      partial,
    );
    before += checked.measured;
    const { execution: executed, ...made }: Measured = checked.stopped
      ? { plan, execution: { ...NOTHING_DONE, stopped: checked.stopped } }
      : spec.untilDecided
        ? await untilDecided()
        : {
            plan,
            execution: await execute(plan.jobs, { ...measuring, ...tolerating, notify: withoutChecked }),
          };
    if (executed.stopped?.code === 'output-unwritable') throw executed.stopped;
    // For what decided gates left out nobody waits.
    const decided = made.stopped && !executed.stopped && executed.failures.size === 0;
    if (decided) await noteUnits(made.plan.jobs);
    await part?.noteLeftOut(executed.leftOut ?? [], failOnError ?? true);
    const { layout } = executor;
    if (layout) await saveJson(join(out, 'run.json'), { ...about, execution: layout });
    const execution = part?.asPart(executed) ?? executed;
    const measured = before + execution.measured;
    const stored = Math.max(0, execution.stored - before);
    before = measured;
    spec.forgetImages?.();
    collectGarbage();
    const claim = await conclusionOf(claims, signal, notify);
    try {
      // Another process has measured the rest, and written the report.
      const theirs =
        ownSuites &&
        !part &&
        sealStamp(out) !== lastSeal &&
        (await concludedBefore(out, { record, config, blessed }));
      if (theirs) {
        const exitCode = exitCodeOf(theirs, execution.stopped);
        return { ...keptOutcome(out, theirs, stored), measured, exitCode };
      }
      // Gates are about the whole.
      const judged = execution === executed ? begun : { ...begun, gates: [] };
      const input = { ...judged, execution, ...made, store };
      const { results, failures } = await concludeApart(input, { out, signal, notify, sources });
      // Units that were left out are tried again by the next run.
      if (!execution.leftOut) {
        await noteConcluded(out, results, blessed);
        await noted(results);
      }
      const exitCode = exitCodeOf(results, execution.stopped);
      const outcome = { directory: out, results, failures, stored, measured, exitCode };
      return part ? shardOutcome(outcome, part, executed) : outcome;
    } finally {
      await claim.release();
    }
  };
  try {
    for (let repairs = 0; ; repairs++) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof UnitLost) || repairs === REPAIRS) throw error;
        await lookThrough(plan.jobs, store);
      }
    }
  } finally {
    await executor.close();
    await claims.close();
  }
}

/** Changes when another process concludes. */
const sealStamp = (out: string): string | undefined => stampNow(join(out, SEAL));

/** What was measured, of all that was planned or of a part. */
type Measured = Pick<ResultsInput, 'plan' | 'execution' | 'stopped'>;

/** How many units there are, where all are stored. */
async function countStored(jobs: readonly Job[], store: UnitStore): Promise<number | undefined> {
  let count = 0;
  for (const job of jobs) {
    if ((await stockOf([job], store)).missing.size > 0) return undefined;
    count += job.units.length;
  }
  return count;
}

/** The files of units, from the run folder. */
const filesOf = (jobs: readonly Job[]): string[] =>
  jobs.flatMap(({ units }) => units.map(({ key }) => unitFile(key)));

/** How often damaged units are looked for. More often than once, they are damaged while the run goes on. */
const REPAIRS = 3;

/** Reads every unit: the store learns which are damaged. Planning and measuring read only what units say of themselves. */
async function lookThrough(jobs: readonly Job[], store: UnitStore): Promise<void> {
  for (const { units } of jobs) for (const { key } of units) await store.read(key, nothing);
}

const nothing = () => false;
