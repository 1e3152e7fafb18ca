import { type Job, readBy, type Unit } from './plan.js';

/** The units whose rows a unit reads. */
export function unitsReadBy({ inputs, reference, maker, makerWhole }: Job, { start, end }: Unit): Unit[] {
  const between = (job: Job, from: number, to: number) =>
    job.units.filter((unit) => unit.end > from && unit.start < to);
  return [
    ...inputs.flatMap((input) => between(input, start, end)),
    ...reference.flatMap(({ job, size }) => between(job, 0, size)),
    ...(maker ? (makerWhole ? maker.units : between(maker, start, end)) : []),
  ];
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
