import { type Job, readBy, type Unit } from './plan.js';

/** The units whose rows a unit reads. */
export function unitsReadBy({ inputs, reference, maker, makerWhole }: Job, { start, end }: Unit): Unit[] {
  return [
    ...inputs.flatMap((input) => unitsBetween(input, start, end)),
    ...reference.flatMap(({ job, size }) => unitsBetween(job, 0, size)),
    ...(maker ? (makerWhole ? maker.units : unitsBetween(maker, start, end)) : []),
  ];
}

/** The units of a job, which come in order, that have some of the examples start to end. */
export function unitsBetween({ units }: Job, start: number, end: number): Unit[] {
  let [first, after] = [0, units.length];
  while (first < after) {
    const middle = (first + after) >> 1;
    if (units[middle]!.end > start) after = middle;
    else first = middle + 1;
  }
  let last = first;
  while (last < units.length && units[last]!.start < end) last++;
  return units.slice(first, last);
}

/** Some jobs, the jobs whose rows they read, those that these read, and so on. */
export function withAllRead(jobs: Iterable<Job>): Set<Job> {
  const all = new Set(jobs);
  for (const job of all) for (const read of readBy(job)) all.add(read);
  return all;
}

/** The unit of some jobs that has a key. */
export function unitNamed(key: string, jobs: Iterable<Job>): { job: Job; unit: Unit } | undefined {
  for (const job of jobs) {
    const unit = job.units.find((one) => one.key === key);
    if (unit) return { job, unit };
  }
  return undefined;
}
