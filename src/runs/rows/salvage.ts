import { keptWhileUsed } from '../../models/kept-while-used.js';
import type { Passes } from '../../models/system.js';
import { chosenRows } from '../../suites/chosen-rows.js';
import { orderOf } from '../plan/in-order.js';
import type { Job, Plan, Unit } from '../plan/plan.js';
import { fitsUnit } from '../units/fits-columns.js';
import type { UnitStore } from '../units/store.js';
import { headOf, type UnitRecord } from '../units/unit-file.js';
import type { MeasuredPart } from './failed-examples.js';

/** Rows of a unit that are there already, under units of the same job in a random order. */
export interface Salvaged {
  parts: readonly MeasuredPart[];
  /** By position in the unit: why an example has no rows. */
  failed: ReadonlyMap<number, string>;
  /** What these rows took, each example of a unit the same. */
  passes: Passes;
}

export type Salvage = (job: Job, unit: Unit) => Promise<Salvaged | undefined>;

/** A job in a random order, with its units that are stored and where in the order each example is. */
interface Twin {
  job: Job;
  units: readonly Unit[];
  placeOf: Int32Array;
}

/**
 * What a run that stopped when its gates were decided has measured of a plan, an example at a time: rows depend on nothing
 * but their example.
 * @param shuffled the same plan, in a random order
 * @returns undefined where there is nothing
 */
export async function salvageOf(
  plan: Plan,
  shuffled: Plan,
  { store, seed }: { store: UnitStore; seed: number },
): Promise<Salvage | undefined> {
  const twins = new Map<Job, Twin[]>();
  const places = new Map<number, Int32Array>();
  for (const [job, others] of pairs(plan, shuffled))
    for (const other of others) {
      const units = await storedFirst(other, store);
      if (units.length === 0 || other.order === undefined) continue;
      const placeOf = places.get(other.order) ?? inverseOf(orderOf(other.order, seed));
      places.set(other.order, placeOf);
      twins.set(job, [...(twins.get(job) ?? []), { job: other, units, placeOf }]);
    }
  if (twins.size === 0) return undefined;
  // An order at random puts some of every stored unit into each that is wanted.
  const records = new Map<string, () => Promise<UnitRecord | undefined>>();
  const read = (key: string) => {
    const kept = records.get(key) ?? keptWhileUsed(() => store.read(key));
    records.set(key, kept);
    return kept();
  };
  return async (job, unit) => {
    const found = {
      parts: [] as MeasuredPart[],
      failed: new Map<number, string>(),
      passes: { forward: 0, gradient: 0 },
    };
    const seen = new Set<number>();
    for (const twin of twins.get(job) ?? []) await gather(twin, unit, read, seen, found);
    return seen.size > 0 ? found : undefined;
  };
}

/** Takes what the units of a twin hold of a unit. */
async function gather(
  { job, units, placeOf }: Twin,
  wanted: Unit,
  read: (key: string) => Promise<UnitRecord | undefined>,
  seen: Set<number>,
  found: { parts: MeasuredPart[]; failed: Map<number, string>; passes: Passes },
): Promise<void> {
  for (const unit of units) {
    const places: { position: number; row: number }[] = [];
    for (let example = wanted.start; example < Math.min(wanted.end, placeOf.length); example++) {
      const [position, row] = [example - wanted.start, placeOf[example]! - unit.start];
      if (row >= 0 && row < unit.end - unit.start && !seen.has(position)) places.push({ position, row });
    }
    const record = places.length > 0 ? await read(unit.key) : undefined;
    if (!record || record.refused || !fitsUnit(headOf(record), unit, job.columns)) continue;
    const reasons = new Map(record.failed?.map(({ example, what }) => [example, what]));
    const whole = places.filter(({ position, row }) => {
      seen.add(position);
      const reason = reasons.get(record.indices[row]!);
      if (reason !== undefined) found.failed.set(position, reason);
      return reason === undefined;
    });
    const share = places.length / record.indices.length;
    found.passes.forward += Math.round(share * record.passes.forward);
    found.passes.gradient += Math.round(share * record.passes.gradient);
    if (whole.length > 0)
      found.parts.push({
        positions: whole.map(({ position }) => position),
        rows: chosenRows(
          record.rows,
          whole.map(({ row }) => row),
        ),
      });
  }
}

/** Units that are stored; they are measured from the first on. */
async function storedFirst({ units }: Job, store: UnitStore): Promise<Unit[]> {
  const stored: Unit[] = [];
  for (const unit of units) {
    if (!(await store.head(unit.key))) break;
    stored.push(unit);
  }
  return stored;
}

/** Jobs of a plan with the same ones of another, which may have several: a suite each. */
function pairs(plan: Plan, other: Plan): Map<Job, Set<Job>> {
  const found = new Map<Job, Set<Job>>();
  const pair = (job: Job, twin: Job) => {
    if (twin.order !== undefined && !twin.request.measurement.aggregate)
      found.set(job, (found.get(job) ?? new Set()).add(twin));
    for (const [i, input] of job.inputs.entries()) pair(input, twin.inputs[i]!);
  };
  for (const [i, { wanted }] of plan.suites.entries())
    for (const [j, { job }] of wanted.entries()) pair(job, other.suites[i]!.wanted[j]!.job);
  return found;
}

function inverseOf(order: Int32Array): Int32Array {
  const inverse = new Int32Array(order.length);
  order.forEach((example, place) => {
    inverse[example] = place;
  });
  return inverse;
}
