import { keptWhileUsed } from '../../models/kept-while-used.js';
import type { Collected } from '../../suites/contract.js';
import type { Job } from '../plan/plan.js';
import type { UnitStore } from '../units/store.js';
import { collectRange } from './collect.js';

type Store = Pick<UnitStore, 'read' | 'column'>;
type Shared = () => Promise<Omit<Collected, 'request'>>;

/** Of each store, by job and how many of its examples. */
const shared = new WeakMap<Store, WeakMap<Job, Map<number, Shared>>>();

/**
 * The first examples of a job for a summary, images in the store. Suites that ask for the same are given the same arrays, for
 * as long as one of them, or a sheet, holds them: they are not to be changed. Errors: as `collectRange`.
 */
export function collectShared(store: Store, job: Job, size: number): ReturnType<Shared> {
  const ofStore = shared.get(store) ?? new WeakMap<Job, Map<number, Shared>>();
  shared.set(store, ofStore);
  const ofJob = ofStore.get(job) ?? new Map<number, Shared>();
  ofStore.set(job, ofJob);
  const read = ofJob.get(size) ?? keptWhileUsed(() => collectRange(store, job, 0, size, { stored: true }));
  ofJob.set(size, read);
  return read();
}
