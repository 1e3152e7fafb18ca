import { type Job, readBy, type SuitePlan } from './plan.js';

/**
 * The measurements that a suite rests on, those that others read among them, and the version of each. Two runs whose
 * versions differ measured different things under one name.
 */
export function measurementVersions({ wanted }: Pick<SuitePlan, 'wanted'>): Record<string, number> {
  const versions = new Map<string, number>();
  const seen = new Set<Job>();
  const visit = (job: Job) => {
    if (seen.has(job)) return;
    seen.add(job);
    const { name, version } = job.request.measurement;
    versions.set(name, version);
    readBy(job).forEach(visit);
  };
  for (const { job } of wanted) visit(job);
  return Object.fromEntries([...versions].sort(([a], [b]) => (a < b ? -1 : 1)));
}
