import { AssayError } from '../../errors.js';
import { orderOf } from '../concluding/conclude-order.js';
import type { RunOutcome } from '../concluding/outcome.js';
import type { ResultsInput } from '../concluding/results.js';
import type { RunSource } from '../folder/run-record.js';
import { type ShardName, shardText } from '../folder/shard-name.js';
import { type Execution, NOTHING_DONE } from '../measuring/execute.js';
import type { FailOnError, LeftOut } from '../measuring/left-out.js';
import type { Plan } from '../plan/plan.js';
import { type Shard, shardsOf } from '../plan/shard.js';
import { noteShard, ONLY_A_PART } from './shard-record.js';

/** A run that measures one of its shards. */
export interface ShardRun {
  shard: Shard;
  /** Whether this shard measures a unit, by its key. */
  due(key: string): boolean;
  /** What was measured, saying that it is a part where it is one. */
  asPart(execution: Execution): Execution;
  /** Notes what failed and is done without, for the merge. Errors: `output-unwritable`. */
  noteLeftOut(left: readonly LeftOut[], failOnError: FailOnError): Promise<void>;
}

/** What a shard is of, before anything is measured. */
type Begun = Omit<ResultsInput, 'execution' | 'store' | 'stopped'> & {
  sources: Parameters<typeof orderOf>[1] | undefined;
  source: RunSource | undefined;
  file: string;
};

/**
 * Notes in the run folder of what run this is a shard, so that a merge needs neither models nor data.
 * Errors: `config-invalid` for suites that are given as objects; `output-unwritable`.
 */
export async function beginShard(name: ShardName, begun: Begun, out: string): Promise<ShardRun> {
  const { plan, inventory, sources, source, file, ...about } = begun;
  if (!sources)
    throw new AssayError('config-invalid', 'a run with suites given to run() cannot be split', {
      expected: 'suites that come with Assay, or from plug-ins that the run file names',
      hint: 'put them into a plug-in, and name it under `plugins` in the run file',
    });
  const shard = shardsOf(plan, inventory, name.of).shards[name.index - 1]!;
  const input = { ...about, plan, inventory, execution: NOTHING_DONE } as ResultsInput;
  const { out: _, execution: __, began: ___, ...order } = orderOf(input, sources, out);
  const record = { order, ...(source && { source }) };
  await noteShard(out, name, record);
  const own = new Set([...shard.units].map(({ key }) => key));
  const planned = new Set(plan.jobs.flatMap(({ units }) => units.map(({ key }) => key)));
  return {
    shard,
    // What no suite asks for, such as the check of expected accuracy, is shared out by its key.
    due: (key) =>
      planned.has(key) ? own.has(key) : Number.parseInt(key.slice(0, 8), 16) % name.of === name.index - 1,
    asPart: (execution) => {
      if (execution.stopped || isWhole(plan, execution)) return execution;
      return { ...execution, stopped: isPart(name, out) };
    },
    async noteLeftOut(left, failOnError) {
      if (left.length === 0) return;
      const units = left.map((one) => ({ ...one, indices: [...one.indices] }));
      await noteShard(out, name, { ...record, leftOut: { failOnError, units } });
    },
  };
}

const isWhole = ({ jobs }: Plan, { costs }: Execution): boolean =>
  jobs.every((job) => (costs.get(job)?.units ?? 0) === job.units.length);

const isPart = (name: ShardName, out: string) =>
  new AssayError(
    'results-partial',
    `${ONLY_A_PART} ${shardText(name)} of the run: what the other ${name.of - 1 === 1 ? 'shard measures' : `${name.of - 1} shards measure`} is missing`,
    {
      hint: `put all of them together: assay merge ${out} OTHERS... --out WHOLE`,
    },
  );

/** What the run of a shard comes to: that the others are missing is no failure of it. */
export function shardOutcome(
  outcome: RunOutcome,
  { shard }: ShardRun,
  { failures, stopped }: Execution,
): RunOutcome {
  if (stopped?.code === 'interrupted' || outcome.results.status === 'complete') return { ...outcome, shard };
  const own = new Map([...failures.values()].map((error) => [error.explain(), error]));
  return { ...outcome, shard, failures: [...own.values()], exitCode: own.size > 0 ? 2 : 0 };
}
