import type { Passes } from '../../models/system.js';
import { SharedClock } from './shared-clock.js';

export type PassKind = keyof Passes;

/** What passes cost: a forecast asks for no more. */
export interface PassCosts {
  /** Seconds per pass of one example through a system; undefined when nothing tells. */
  secondsPerPass(system: string, kind: PassKind): number | undefined;
}

/** Calls of a system of one kind: how many, for how many examples, and what they took. */
export interface CallTotal {
  system: string;
  kind: PassKind;
  calls: number;
  passes: number;
  seconds: number;
}

/** Hears of calls of systems. */
export interface CallListener {
  /** A call begins. The returned function ends it, and is told for how many examples it gave an answer. */
  begin(system: string, kind: PassKind): (examples: number) => void;
  /** Calls that were made elsewhere, and what they took of the time of this run. */
  add(calls: CallTotal): void;
}

/**
 * Measures what a pass through each system costs in this run: calls in flight share the time that passes, so that it is
 * the time of the run and not of a call, however many run side by side.
 */
export class PassMeter implements PassCosts, CallListener {
  private readonly clock: SharedClock;
  private readonly totals = new Map<string, Record<PassKind, Total>>();

  /** @param now in seconds */
  constructor(now?: () => number) {
    this.clock = new SharedClock(now);
  }

  begin(system: string, kind: PassKind): (examples: number) => void {
    const charge = this.clock.start();
    return (examples) => {
      const seconds = charge.stop();
      if (examples > 0) this.add({ system, kind, calls: 1, passes: examples, seconds });
    };
  }

  add({ system, kind, ...more }: CallTotal): void {
    const own = this.totals.get(system) ?? { forward: NOTHING, gradient: NOTHING };
    // A first call opens sessions: it counts until there is another.
    const before = own[kind].calls === 1 ? { ...NOTHING, calls: 1 } : own[kind];
    own[kind] = {
      calls: before.calls + more.calls,
      passes: before.passes + more.passes,
      seconds: before.seconds + more.seconds,
    };
    this.totals.set(system, own);
  }

  /**
   * As measured; of a kind that this system was not asked for yet, from its other kind and what other systems take for
   * one beside the other; of a system that was not asked at all, as other systems take.
   */
  secondsPerPass(system: string, kind: PassKind): number | undefined {
    const own = this.measured(system, kind);
    if (own !== undefined) return own;
    const other = kind === 'forward' ? 'gradient' : 'forward';
    const names = [...this.totals.keys()];
    const ratio = mean(
      names.map((name) => (this.measured(name, kind) ?? Number.NaN) / (this.measured(name, other) ?? 0)),
    );
    const known = this.measured(system, other, 2);
    if (known !== undefined && ratio !== undefined) return known * ratio;
    return mean(names.map((name) => this.measured(name, kind) ?? Number.NaN));
  }

  /** @param calls how many at least, for it to count */
  private measured(system: string, kind: PassKind, calls = 1): number | undefined {
    const own = this.totals.get(system)?.[kind];
    return own && own.calls >= calls ? own.seconds / own.passes : undefined;
  }
}

interface Total {
  calls: number;
  passes: number;
  seconds: number;
}

const NOTHING: Total = { calls: 0, passes: 0, seconds: 0 };

/** Of the numbers that are finite; undefined without one. */
function mean(numbers: readonly number[]): number | undefined {
  const finite = numbers.filter(Number.isFinite);
  return finite.length > 0 ? finite.reduce((a, b) => a + b, 0) / finite.length : undefined;
}
