import { type Job, readBy } from '../plan/plan.js';

/** BullMQ's range ends at 2 097 151. */
const LAST = 2_097_151;

/**
 * When the units of a job are due, by its key, 1 first: those that begin the longest chain of jobs that wait for each other come
 * first, so that no machine runs dry before the end.
 */
export function priorities(jobs: readonly Job[]): Map<string, number> {
  const chain = new Map<string, number>();
  // Inputs come before what reads them: from the end, all readers of a job are known.
  for (const job of [...jobs].reverse()) {
    const own = chain.get(job.key) ?? 0;
    chain.set(job.key, own);
    for (const { key } of readBy(job)) chain.set(key, Math.max(chain.get(key) ?? 0, own + 1));
  }
  const longest = Math.max(0, ...chain.values());
  return new Map([...chain].map(([key, length]) => [key, Math.min(LAST, 1 + longest - length)]));
}

/** Keys of jobs whose rows others read. */
export const readJobs = (jobs: readonly Job[]): ReadonlySet<string> =>
  new Set(jobs.flatMap(readBy).map(({ key }) => key));
