import { addTo } from '../../models/passes.js';
import type { Passes } from '../../models/system.js';
import type { Job, Unit } from '../plan/plan.js';
import type { UnitHead } from '../units/unit-file.js';

/** What the units of a job cost, whenever and by whom they were measured. */
export interface JobCost {
  units: number;
  examples: number;
  passes: Passes;
  seconds: number;
}

type UnitCost = Pick<UnitHead, 'n' | 'passes' | 'seconds'>;

/** What was measured so far, and what it cost. */
export class Ledger {
  private readonly units = new Map<Unit, { job: Job; cost: UnitCost }>();

  enter(job: Job, unit: Unit, cost: UnitCost): void {
    this.units.set(unit, { job, cost });
  }

  /** The unit was not there after all. */
  lose(unit: Unit): void {
    this.units.delete(unit);
  }

  entered(): Unit[] {
    return [...this.units.keys()];
  }

  costs(): Map<Job, JobCost> {
    const costs = new Map<Job, JobCost>();
    for (const { job, cost } of this.units.values()) {
      const sum = costs.get(job) ?? {
        units: 0,
        examples: 0,
        passes: { forward: 0, gradient: 0 },
        seconds: 0,
      };
      sum.units++;
      sum.examples += cost.n;
      addTo(sum.passes, cost.passes);
      sum.seconds += cost.seconds;
      costs.set(job, sum);
    }
    return costs;
  }
}
