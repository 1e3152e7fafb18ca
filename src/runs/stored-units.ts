import { AssayError } from '../errors.js';
import { fitsUnit } from './fits-columns.js';
import type { Job, Unit } from './plan.js';
import type { UnitStore } from './store.js';
import type { UnitHead } from './unit-file.js';

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

/**
 * The units of a job that are stored, by what they say of themselves.
 * Errors: as `storedUnit`.
 */
export async function storedUnits(job: Job, store: Pick<UnitStore, 'head'>): Promise<Map<Unit, UnitHead>> {
  const stored = new Map<Unit, UnitHead>();
  for (const unit of job.units) {
    const head = await storedUnit(job, unit, store);
    if (head) stored.set(unit, head);
  }
  return stored;
}

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
  const stock: Stock = { stored: new Map(), missing: new Map() };
  for (const job of jobs) {
    const stored = new Map<Unit, UnitHead>();
    const missing: Unit[] = [];
    for (const unit of job.units) {
      // One that cannot be read for now is looked for again in its turn, and fails then if it must.
      const head = await storedUnit(job, unit, store).catch(unlessUnreadable);
      if (head) stored.set(unit, head);
      else if (due(unit.key)) missing.push(unit);
    }
    stock.stored.set(job, stored);
    if (missing.length > 0) stock.missing.set(job, missing);
  }
  return stock;
}

function unlessUnreadable(error: unknown): undefined {
  if (!(error instanceof AssayError) || error.code !== 'file-unreadable') throw error;
}
