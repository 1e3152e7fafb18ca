import { addTo, scaled } from '../../models/passes.js';
import type { Passes } from '../../models/system.js';
import type { ShardName } from '../folder/shard-name.js';
import type { Inventory } from '../inventory/inventory.js';
import { weightPerExample } from './job-order.js';
import type { Plan, Unit } from './plan.js';
import { passesPerExample } from './plan-cost.js';
import { unitsReadBy } from './read-units.js';

/** A part of the work of a run. */
export interface Shard extends ShardName {
  /** What it measures: its share, and the units whose rows that reads. */
  units: ReadonlySet<Unit>;
  /** When nothing ends early, as far as measurements say. */
  passes: Passes;
  /** How many forward passes take as long as all of it when nothing ends early. */
  weight: number;
}

/** How a run is split. */
export interface Sharding {
  shards: readonly Shard[];
  /** Of the whole run, measured once. */
  weight: number;
  /** What is measured in more than one shard, since several read it: how much is measured again. */
  repeated: number;
}

const NONE: Passes = { forward: 0, gradient: 0 };

/**
 * Splits a plan into shards of about equal cost. What comes out depends on the plan and `of` alone, never on what is stored
 * or measured, so every machine comes to the same. Units that nothing reads are dealt out, dearest first, each with all that
 * it reads: to the shard that is done first, where what has to be measured again counts twice. So rows of the same
 * examples stay together, and a fit is repeated in another shard only where that is quicker than waiting for one.
 * @param of how many shards
 */
export function shardsOf({ jobs }: Pick<Plan, 'jobs'>, inventory: Inventory, of: number): Sharding {
  const weights = new Map<Unit, number>();
  const passesOf = new Map<Unit, Passes>();
  const read = new Set<Unit>();
  const readsOf = new Map<Unit, readonly Unit[]>();
  for (const job of jobs) {
    const plain = passesPerExample(job, inventory);
    const each = weightPerExample(job, plain);
    for (const unit of job.units) {
      const reads = unitsReadBy(job, unit);
      readsOf.set(unit, reads);
      for (const one of reads) read.add(one);
      weights.set(unit, each * (unit.end - unit.start));
      passesOf.set(unit, scaled(plain ?? NONE, unit.end - unit.start));
    }
  }
  const weightIn = (units: Iterable<Unit>) => {
    let sum = 0;
    for (const unit of units) sum += weights.get(unit) ?? 0;
    return sum;
  };
  const shares = [...readsOf.keys()]
    .filter((unit) => !read.has(unit))
    .map((unit) => withReads(unit, readsOf))
    .map((units) => ({ units, weight: weightIn(units) }));
  // Stable: equal ones stay in the order of the plan.
  shares.sort((a, b) => b.weight - a.weight);
  const holders = new Map<Unit, Set<number>>();
  const loads = new Array<number>(of).fill(0);
  for (const { units, weight } of shares) {
    const own = new Array<number>(of).fill(weight);
    for (const unit of units) for (const s of holders.get(unit) ?? []) own[s]! -= weights.get(unit) ?? 0;
    const least = Math.min(...own);
    const at = cheapest(loads.map((load, s) => load + own[s]! + (own[s]! - least)));
    loads[at]! += own[at]!;
    for (const unit of units) holders.set(unit, (holders.get(unit) ?? new Set()).add(at));
  }
  const shards = loads.map((weight, s): Shard => {
    const units = new Set([...readsOf.keys()].filter((unit) => holders.get(unit)?.has(s)));
    const passes = { ...NONE };
    for (const unit of units) addTo(passes, passesOf.get(unit) ?? NONE);
    return { index: s + 1, of, units, weight, passes };
  });
  const weight = weightIn(readsOf.keys());
  return { shards, weight, repeated: loads.reduce((a, b) => a + b, 0) - weight };
}

/** A unit with all that it reads, and what that reads. */
function withReads(unit: Unit, readsOf: ReadonlyMap<Unit, readonly Unit[]>): Set<Unit> {
  const found = new Set([unit]);
  for (const one of found) for (const read of readsOf.get(one) ?? []) found.add(read);
  return found;
}

/** Where the smallest number is, the first of equal ones. What differs by rounding is equal. */
function cheapest(costs: readonly number[]): number {
  let at = 0;
  for (const [s, cost] of costs.entries()) if (cost < costs[at]! * (1 - 1e-9)) at = s;
  return at;
}
