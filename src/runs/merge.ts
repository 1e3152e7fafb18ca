import { join } from 'node:path';
import { admit } from '../bytes/confine.js';
import { AssayError } from '../errors.js';
import { counted } from '../report/format.js';
import type { Results } from '../suites/results.js';
import { placeOf } from './attempt.js';
import { baselineAt } from './baseline.js';
import { concludeApart } from './conclude-apart.js';
import { type ConcludeOrder, resultsInput } from './conclude-order.js';
import { noteConcluded } from './concluded.js';
import { execute } from './execute.js';
import type { Executor } from './executor.js';
import { type FoundShard, type MergeTolerance, refuseUnlike } from './mergeable.js';
import { exitCodeOf, type RunOutcome } from './outcome.js';
import type { Job, Plan, Unit } from './plan.js';
import type { Listener } from './progress.js';
import type { ResultsInput } from './results.js';
import { beginningOf, recordOf } from './run-record.js';
import { saveJson } from './save-json.js';
import { runKey } from './seal.js';
import { shardsOf } from './shard.js';
import { shardText } from './shard-name.js';
import { readShards } from './shard-record.js';
import { sinceEpoch } from './since-epoch.js';
import { FolderStore, type UnitStore } from './store.js';
import { storedUnit } from './stored-units.js';
import { encodeUnit, type UnitRecord } from './unit-file.js';

export interface MergeOptions extends MergeTolerance {
  /** The run folder of the whole. */
  out: string;
  /** Instead of the one that the shards were given. */
  baseline?: string | undefined;
  signal?: AbortSignal;
  notify?: Listener;
}

/**
 * Puts the shards of a run together in a run folder, and concludes the run: the results are those of one process, but for
 * times. Neither models nor data are opened.
 * Errors: as `readShards` and `refuseUnlike`; `results-partial` where units are missing; `results-stale` where this program
 * would measure something else; `output-unwritable`.
 */
export async function merge(folders: readonly string[], options: MergeOptions): Promise<RunOutcome> {
  const { out, notify = () => undefined, signal = new AbortController().signal, ...allow } = options;
  const began = sinceEpoch();
  for (const folder of [out, ...folders]) admit(folder);
  notify({ kind: 'stage', text: 'reading shards' });
  const shards: FoundShard[] = [];
  for (const folder of folders)
    for (const record of await readShards(folder)) shards.push({ folder, record });
  refuseUnlike(shards, allow);
  const [{ record }] = shards;
  const baseline = options.baseline === undefined ? undefined : await baselineAt(options.baseline);
  const environment = environmentOfAll(shards);
  const order: ConcludeOrder = {
    ...record.order,
    environment,
    ...(baseline && { baseline: baseline.directory }),
    execution: { stored: 0, measured: 0, costs: [], failures: [] },
    began,
    out,
  };
  const input = await resultsInput(order);
  refuseOtherPlan(input, record.order.key, shards[0].folder);
  const stores = [...new Set(folders)].map((folder) => FolderStore.reading(folder));
  const missing = await gather(input, { stores, notify, signal });
  if (missing.size > 0 && !allow.allowMissing) throw unfinished(missing, input, shards, order.sources.file);
  const { plan, store } = input;
  const measured = await execute(plan.jobs, {
    executor: nobody,
    due: () => false,
    systems: new Map(),
    store,
    signal,
    notify,
  });
  const execution = missing.size > 0 ? { ...measured, stopped: leftOut(missing, plan) } : measured;
  await saveJson(join(out, 'run.json'), beginningOf(recordOf(out, input.key, record.source), input));
  const whole = { ...input, execution };
  const { sources } = order;
  const { results, failures } = await concludeApart(whole, { out, signal, notify, sources });
  await noteConcluded(out, results, baseline?.identity);
  return {
    directory: out,
    results,
    failures,
    stored: execution.stored,
    measured: 0,
    exitCode: exitCodeOf(results, execution.stopped),
  };
}

/** Everything is measured. */
const nobody: Executor = {
  lanes: 1,
  measure: async () => {
    throw new Error('a merge measures nothing');
  },
  close: async () => undefined,
};

/** What was measured on several machines names them all. */
function environmentOfAll(shards: readonly FoundShard[]): Results['environment'] {
  const all = shards.map(({ record }) => record.order.environment);
  const joined = (of: (one: Results['environment']) => string | undefined) =>
    [...new Set(all.map(of).filter((one) => one !== undefined))].join('; ');
  const git = joined((one) => one.git);
  return {
    ...all[0],
    assay: joined((one) => one.assay),
    node: joined((one) => one.node),
    platform: joined((one) => one.platform),
    cpu: joined((one) => one.cpu),
    ...(git !== '' && { git }),
  };
}

/** Errors: `results-stale`. */
function refuseOtherPlan({ plan, config }: ResultsInput, key: string, folder: string): void {
  if (runKey(config, plan.jobs) === key) return;
  throw new AssayError('results-stale', 'this Assay would measure something else', {
    file: folder,
    expected: `the units of the run ${key.slice(0, 12)}`,
    found: 'others: it was another version of Assay, or of a plug-in, that measured the shards',
    hint: 'merge with the version that measured them, or run the shards again',
  });
}

interface Gathering {
  stores: readonly UnitReader[];
  notify: Listener;
  signal: AbortSignal;
}

/** Puts every unit of the plan into the store of the whole. Returns those that are nowhere. */
async function gather(
  { plan, store }: ResultsInput,
  { stores, notify, signal }: Gathering,
): Promise<ReadonlyMap<Unit, Job>> {
  const missing = new Map<Unit, Job>();
  const units = plan.jobs.flatMap((job) => job.units.map((unit) => ({ job, unit })));
  let differing = 0;
  for (const [done, { job, unit }] of units.entries()) {
    signal.throwIfAborted();
    if (done % 16 === 0) notify({ kind: 'stage', text: 'gathering units', done, of: units.length });
    let kept = await wholeIn(store, job, unit);
    for (const shard of stores) {
      const found = await wholeIn(shard, job, unit);
      if (!found) continue;
      if (!kept) await store.write(found);
      else if (!sameMeasurement(kept, found)) differing++;
      kept ??= found;
    }
    if (!kept) missing.set(unit, job);
  }
  if (differing > 0)
    notify({
      kind: 'note',
      text: `${counted(differing, 'unit')} that several shards measured differ between them: the machines do not compute alike to the last bit; those of the first folder are taken`,
    });
  return missing;
}

type UnitReader = Pick<UnitStore, 'head' | 'read'>;

const wholeIn = async (store: UnitReader, job: Job, unit: Unit) =>
  (await storedUnit(job, unit, store)) && store.read(unit.key);

const unitsIn = ({ jobs }: Plan): number => jobs.reduce((sum, { units }) => sum + units.length, 0);

/** Which shards are not done, and the commands that continue them. */
function unfinished(
  missing: ReadonlyMap<Unit, Job>,
  { plan, inventory }: ResultsInput,
  shards: readonly FoundShard[],
  file: string,
): AssayError {
  const split = shardsOf(plan, inventory, shards[0].record.shard.of);
  const lacking = shards.flatMap(({ folder, record: { shard } }) => {
    const { units } = split.shards[shard.index - 1];
    const lacks = [...units].filter((unit) => missing.has(unit)).length;
    return lacks > 0 ? [{ folder, shard, lacks, of: units.size }] : [];
  });
  const [first, ...others] = lacking;
  return new AssayError(
    'results-partial',
    `shard ${shardText(first.shard)} is not finished: ${first.lacks} of its ${counted(first.of, 'unit')} are missing`,
    {
      file: first.folder,
      expected: `all ${unitsIn(plan)} units of the run, whole`,
      found: firstOf(missing),
      hint: `continue it, with the options that it was begun with, such as --limit: assay run ${file} --shard ${first.shard.index}/${first.shard.of} --out ${first.folder}; or summarise what is there with --allow-missing`,
      also: others.map(
        ({ folder, shard, lacks }) => `shard ${shardText(shard)} in ${folder}: ${lacks} missing`,
      ),
    },
  );
}

function firstOf(missing: ReadonlyMap<Unit, Job>): string {
  const [[unit, job]] = missing;
  return `${placeOf({ job, unit })}, is in no shard`;
}

const leftOut = (missing: ReadonlyMap<Unit, Job>, plan: Plan) =>
  new AssayError(
    'results-partial',
    `${missing.size} of ${counted(unitsIn(plan), 'unit')} are missing: shards were merged with --allow-missing`,
    { found: firstOf(missing), hint: 'merge again with the shards that are missing' },
  );

/** Whether two records of a unit say the same, whatever they took. */
const sameMeasurement = (a: UnitRecord, b: UnitRecord): boolean =>
  Buffer.compare(encodeUnit({ ...a, seconds: 0 }), encodeUnit({ ...b, seconds: 0 })) === 0;
