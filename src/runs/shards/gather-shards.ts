import { AssayError } from '../../errors.js';
import { counted } from '../../report/format.js';
import type { ResultsInput } from '../concluding/results.js';
import { shardText } from '../folder/shard-name.js';
import { placeOf } from '../measuring/attempt.js';
import { type Execution, execute } from '../measuring/execute.js';
import type { Executor } from '../measuring/executor.js';
import type { Listener } from '../measuring/progress.js';
import type { Job, Plan, Unit } from '../plan/plan.js';
import { shardsOf } from '../plan/shard.js';
import { storedUnit } from '../rows/stored-units.js';
import { FolderStore, type UnitStore } from '../units/store.js';
import { encodeUnit, type UnitRecord } from '../units/unit-file.js';
import { leftOutOfShards } from './left-out-of-shards.js';
import type { FoundShard } from './mergeable.js';

export interface Gathering {
  notify: Listener;
  signal: AbortSignal;
  allowMissing?: boolean | undefined;
  /** The run file. */
  file: string;
}

/**
 * Puts what all shards measured into the store of the whole.
 * Errors: `results-partial` where units are missing; `output-unwritable`.
 */
export async function gathered(
  input: ResultsInput,
  shards: readonly FoundShard[],
  { notify, signal, allowMissing = false, file }: Gathering,
): Promise<Execution> {
  const { plan, store } = input;
  const stores = [...new Set(shards.map(({ folder }) => folder))].map((one) => FolderStore.reading(one));
  const nowhere = await gather(input, stores, { notify, signal });
  const left = leftOutOfShards(shards, plan, nowhere, allowMissing);
  const done = new Set(left.map(({ key }) => key));
  const missing = new Map([...nowhere].filter(([{ key }]) => !done.has(key)));
  if (missing.size > 0 && !allowMissing) throw unfinished(missing, input, shards, file);
  const measured = await execute(plan.jobs, {
    executor: nobody,
    due: () => false,
    systems: new Map(),
    store,
    signal,
    notify,
  });
  return {
    ...measured,
    ...(left.length > 0 && { leftOut: left }),
    ...(missing.size > 0 && { stopped: incomplete(missing, plan) }),
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

/** Puts every unit of the plan into the store of the whole. Returns those that are nowhere. */
async function gather(
  { plan, store }: ResultsInput,
  stores: readonly UnitReader[],
  { notify, signal }: Pick<Gathering, 'notify' | 'signal'>,
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
  const split = shardsOf(plan, inventory, shards[0]!.record.shard.of);
  const lacking = shards.flatMap(({ folder, record: { shard } }) => {
    const { units } = split.shards[shard.index - 1]!;
    const lacks = [...units].filter((unit) => missing.has(unit)).length;
    return lacks > 0 ? [{ folder, shard, lacks, of: units.size }] : [];
  });
  const first = lacking[0]!;
  return new AssayError(
    'results-partial',
    `shard ${shardText(first.shard)} is not finished: ${first.lacks} of its ${counted(first.of, 'unit')} are missing`,
    {
      file: first.folder,
      expected: `all ${unitsIn(plan)} units of the run, whole`,
      found: firstOf(missing),
      hint: `continue it, with the options that it was begun with, such as --limit: assay run ${file} --shard ${first.shard.index}/${first.shard.of} --out ${first.folder}; or summarise what is there with --allow-missing`,
      also: lacking
        .slice(1)
        .map(({ folder, shard, lacks }) => `shard ${shardText(shard)} in ${folder}: ${lacks} missing`),
    },
  );
}

function firstOf(missing: ReadonlyMap<Unit, Job>): string {
  const [unit, job] = [...missing][0]!;
  return `${placeOf({ job, unit })}, is in no shard`;
}

const incomplete = (missing: ReadonlyMap<Unit, Job>, plan: Plan) =>
  new AssayError(
    'results-partial',
    `${missing.size} of ${counted(unitsIn(plan), 'unit')} are missing: shards were merged with --allow-missing`,
    { found: firstOf(missing), hint: 'merge again with the shards that are missing' },
  );

/** Whether two records of a unit say the same, whatever they took. */
const sameMeasurement = (a: UnitRecord, b: UnitRecord): boolean =>
  Buffer.compare(encodeUnit({ ...a, seconds: 0 }), encodeUnit({ ...b, seconds: 0 })) === 0;
