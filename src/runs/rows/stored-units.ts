import { forRanges } from '../../concurrency.js';
import { AssayError } from '../../errors.js';
import type { Job, Unit } from '../plan/plan.js';
import { fitsUnit } from '../units/fits-columns.js';
import type { UnitStore } from '../units/store.js';
import type { UnitHead } from '../units/unit-file.js';

/**
 * What a unit says of itself; undefined where it is not stored. One of another length, or with other columns than the
 * measurement declares, was not measured by this job, whatever its name: it is measured anew.
 * Errors: `file-unreadable` where it may be there and cannot be read for now.
 */
export async function storedUnit(
  { columns }: Job,
  unit: Unit,
  store: Pick<UnitStore, 'head'>,
): Promise<UnitHead | undefined> {
  const head = await store.head(unit.key);
  return head && fitsUnit(head, unit, columns) ? head : undefined;
}

/** Units that are looked for side by side: a store on the network takes a while to answer, however little is asked. */
const LANES = 16;

/** What is there of some jobs before they are measured. */
export interface Stock {
  stored: Map<Job, Map<Unit, UnitHead>>;
  /** Units that are to be looked for in their turn, and measured. */
  missing: Map<Job, Unit[]>;
}

/** @param due whether a unit is to be measured, by its key. Default: all are */
export async function stockOf(
  jobs: readonly Job[],
  store: Pick<UnitStore, 'head'>,
  due: (key: string) => boolean = () => true,
): Promise<Stock> {
  const tasks = jobs.flatMap((job) => job.units.map((unit) => ({ job, unit })));
  const heads = new Array<UnitHead | undefined>(tasks.length);
  await forRanges(tasks.length, { step: 1, lanes: LANES }, async (i) => {
    const { job, unit } = tasks[i]!;
    // One that cannot be read for now is looked for again in its turn, and fails then if it must.
    heads[i] = await storedUnit(job, unit, store).catch(unlessUnreadable);
  });
  const stored = new Map(jobs.map((job) => [job, new Map<Unit, UnitHead>()]));
  const missing = new Map<Job, Unit[]>();
  for (const [i, { job, unit }] of tasks.entries()) {
    const head = heads[i];
    if (head) stored.get(job)!.set(unit, head);
    else if (due(unit.key)) {
      const units = missing.get(job) ?? [];
      units.push(unit);
      missing.set(job, units);
    }
  }
  return { stored, missing };
}

function unlessUnreadable(error: unknown): undefined {
  if (!(error instanceof AssayError) || error.code !== 'file-unreadable') throw error;
}
