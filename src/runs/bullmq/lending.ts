import { type Job, readBy, type Unit } from '../plan.js';
import type { Task } from '../queue.js';
import type { UnitStore } from '../store.js';
import type { Exchange } from './parcels.js';

/** Rows that units read, where workers find them. */
export class Lending {
  /** Units that lie in the exchange until the run ends. */
  private readonly lent = new Set<string>();

  constructor(
    private readonly store: UnitStore,
    private readonly exchange: Exchange,
  ) {}

  /** Before a unit is submitted: the rows that it reads, as far as can be told. */
  async prepare(task: Task): Promise<void> {
    for (const { key } of unitsReadBy(task)) if (!this.lent.has(key)) await this.lend(key);
  }

  /** A worker did not find a unit. Returns whether it is there now. */
  async again(key: string): Promise<boolean> {
    this.lent.delete(key);
    return this.lend(key);
  }

  /** A result that came by the exchange stays there. */
  keep(key: string): void {
    this.lent.add(key);
  }

  async end(): Promise<void> {
    await this.exchange.forget([...this.lent]);
  }

  private async lend(key: string): Promise<boolean> {
    if (!(await this.exchange.has(key))) {
      const unit = await this.store.read(key);
      if (!unit) return false;
      await this.exchange.write(unit);
    }
    this.lent.add(key);
    return true;
  }
}

/** Units whose rows a unit reads; of the images that others make, those of its own examples. */
function unitsReadBy({ job, unit }: Task): Unit[] {
  const whole = job.request.measurement.aggregate !== undefined;
  const overlaps = ({ start, end }: Unit) => whole || (start < unit.end && end > unit.start);
  return [
    ...[...job.inputs, ...(job.maker ? [job.maker] : [])].flatMap(({ units }) => units.filter(overlaps)),
    ...job.reference.flatMap(({ job: read, size }) => read.units.filter(({ start }) => start < size)),
  ];
}

/** A unit that a task may read, by its key. */
export function unitReadBy({ job }: Task, key: string): { job: Job; unit: Unit } | undefined {
  for (const read of readBy(job)) {
    const unit = read.units.find((one) => one.key === key);
    if (unit) return { job: read, unit };
  }
  return undefined;
}
