import type { Task } from '../measuring/queue.js';
import { unitsReadBy } from '../plan/read-units.js';
import type { UnitStore } from '../units/store.js';
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
  async prepare({ job, unit }: Task): Promise<void> {
    for (const { key } of unitsReadBy(job, unit)) if (!this.lent.has(key)) await this.lend(key);
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
