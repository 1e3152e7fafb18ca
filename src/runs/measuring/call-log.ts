import type { CallListener, CallTotal, PassKind } from './pass-meter.js';
import { SharedClock } from './shared-clock.js';

/** Keeps calls of systems for whoever takes them: for a process that measures on behalf of another. */
export class CallLog implements CallListener {
  private readonly clock = new SharedClock();
  /** Which systems were called in which way: a first call opens sessions, and says nothing of others. */
  private readonly opened = new Set<string>();
  private readonly totals = new Map<string, CallTotal>();

  begin(system: string, kind: PassKind): (examples: number) => void {
    const charge = this.clock.start();
    return (examples) => {
      const seconds = charge.stop();
      if (examples === 0) return;
      const id = `${kind}/${system}`;
      if (this.opened.has(id)) this.add({ system, kind, calls: 1, passes: examples, seconds });
      this.opened.add(id);
    };
  }

  add({ system, kind, calls, passes, seconds }: CallTotal): void {
    const id = `${kind}/${system}`;
    const before = this.totals.get(id) ?? { calls: 0, passes: 0, seconds: 0 };
    this.totals.set(id, {
      system,
      kind,
      calls: before.calls + calls,
      passes: before.passes + passes,
      seconds: before.seconds + seconds,
    });
  }

  /** All that ended since the last time. */
  take(): CallTotal[] {
    const taken = [...this.totals.values()];
    this.totals.clear();
    return taken;
  }
}
