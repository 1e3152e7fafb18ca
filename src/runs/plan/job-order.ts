import { weightOf } from '../../models/passes.js';
import type { Passes } from '../../models/system.js';
import { type Job, readBy } from './plan.js';
import { type CostInventory, passesPerExample } from './plan-cost.js';

/** What an example without passes takes: reading and storing it. */
const HANDLING = 0.02;

/**
 * How many forward passes take as long as an example of a job when nothing ends early. One that has no passes is not free:
 * a row of all examples is made from all of them.
 */
export function weightPerExample({ request, reference }: Job, passes: Passes | undefined): number {
  const rows = reference.reduce((sum, { size }) => sum + size, 1);
  const handled = request.measurement.aggregate ? HANDLING * rows : HANDLING;
  // One that does not say what it takes is taken for a pass.
  return handled + (passes ? weightOf(passes) : 1);
}

/**
 * Jobs in the order in which their units keep several processes busy to the end: first those that the most work has to
 * wait for, their own unit and the dearest that reads it, and so on (upward rank; Topcuoglu et al. 2002, HEFT). What
 * a job reads comes before it, and the shortest units come last, when little is left to share.
 * @param jobs inputs before their readers; equal ones keep their order
 */
export function dearestFirst(jobs: readonly Job[], inventory: CostInventory): Job[] {
  const behind = new Map<Job, number>();
  const ranks = new Map<Job, number>();
  for (const job of [...jobs].reverse()) {
    const examples = job.units.reduce((most, { start, end }) => Math.max(most, end - start), 0);
    const rank = examples * weightPerExample(job, passesPerExample(job, inventory)) + (behind.get(job) ?? 0);
    ranks.set(job, rank);
    for (const read of readBy(job)) behind.set(read, Math.max(rank, behind.get(read) ?? 0));
  }
  return [...jobs].sort((a, b) => (ranks.get(b) ?? 0) - (ranks.get(a) ?? 0));
}
