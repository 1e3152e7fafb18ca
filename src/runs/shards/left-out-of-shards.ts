import { AssayError } from '../../errors.js';
import { counted } from '../../report/format.js';
import { type LeftOut, tolerated } from '../measuring/left-out.js';
import type { Job, Plan, Unit } from '../plan/plan.js';
import type { FoundShard } from './mergeable.js';

/**
 * What shards left out, as far as no other has it: the whole does without it, as one process would have.
 * @param missing units that are in no shard
 * @param allowMore take more than one process would have left out, as missing
 * Errors: `results-partial` where one process would have ended with an error.
 */
export function leftOutOfShards(
  shards: readonly FoundShard[],
  { jobs }: Pick<Plan, 'jobs'>,
  missing: ReadonlyMap<Unit, Job>,
  allowMore: boolean,
): LeftOut[] {
  const sizes = new Map([...missing.keys()].map(({ key, start, end }) => [key, end - start]));
  const left = new Map<string, LeftOut>();
  for (const { record } of shards)
    for (const { indices, ...unit } of record.leftOut?.units ?? []) {
      const before = left.get(unit.key);
      // One that is said to have other examples is not this one.
      if (sizes.get(unit.key) !== indices.length || (before && !before.reader)) continue;
      left.set(unit.key, { ...unit, indices: Int32Array.from(indices) });
    }
  const units = jobs.reduce((sum, job) => sum + job.units.length, 0);
  const most = Math.min(
    ...shards.map(({ record }) => tolerated(record.leftOut?.failOnError ?? false, units)),
  );
  const failed = [...left.values()].filter(({ reader }) => !reader);
  if (failed.length <= most) return [...left.values()];
  if (allowMore) return [];
  throw tooMany(failed, most);
}

const tooMany = (failed: readonly LeftOut[], most: number) =>
  new AssayError(
    'results-partial',
    `${counted(failed.length, 'unit')} failed in all shards together, of which ${most} may`,
    {
      found: `${failed[0]!.place}: ${failed[0]!.reason}`,
      hint: 'run the shards again: they try these units again, and nothing else; let more fail with --fail-on-error, or summarise what is there with --allow-missing',
    },
  );
