import type { SuitePlan } from './plan.js';
import { withAllRead } from './read-units.js';

/**
 * The measurements that a suite rests on, those that others read among them, and the version of each. Two runs whose
 * versions differ measured different things under one name.
 */
export function measurementVersions({ wanted }: Pick<SuitePlan, 'wanted'>): Record<string, number> {
  const versions = new Map<string, number>();
  for (const { request } of withAllRead(wanted.map(({ job }) => job)))
    versions.set(request.measurement.name, request.measurement.version);
  return Object.fromEntries([...versions].sort(([a], [b]) => (a < b ? -1 : 1)));
}
