import type { Outlook } from '../../models/outlook.js';
import type { Passes } from '../../models/system.js';
import type { CallListener, CallTotal, PassKind } from './pass-meter.js';
import type { Charge } from './shared-clock.js';

/** How far a unit is. A pass is one example in a call of a system, whatever goes on inside of that. */
export interface UnitProgress {
  /** Made so far. */
  readonly passes: Readonly<Passes>;
  /** Expected of the examples begun, and not needed. */
  readonly spared: Readonly<Passes>;
  /** Examples begun; undefined where the measurement does not tell. */
  readonly begun: number | undefined;
  /** Spent so far, on storing it too. */
  readonly seconds: number;
}

/** What a process that measures a unit tells of it now and then. */
export interface UnitReport {
  /** So far. */
  passes: Passes;
  spared: Passes;
  begun?: number | undefined;
  /** Since the report before. */
  calls: readonly CallTotal[];
}

/** A unit while it is measured: counts passes as they are answered, for whoever shows progress. */
export class LiveUnit implements UnitProgress, Outlook {
  readonly passes: Passes = { forward: 0, gradient: 0 };
  readonly spared: Passes = { forward: 0, gradient: 0 };
  begun: number | undefined;

  constructor(
    private readonly meter: CallListener,
    private readonly measuring: Charge,
    private readonly keeping: Charge,
  ) {}

  get seconds(): number {
    return this.keeping.seconds;
  }

  /** It is measured. Returns the seconds that it took. */
  measured(): number {
    return this.measuring.stop();
  }

  /** It is stored, or given up. Returns the seconds of `measured`. */
  close(): number {
    this.keeping.stop();
    return this.measuring.stop();
  }

  /** A call of a system begins. The returned function ends it: with 0 examples when it failed. */
  call(system: string, kind: PassKind): (examples: number) => void {
    const end = this.meter.begin(system, kind);
    return (examples) => {
      this.passes[kind] += examples;
      end(examples);
    };
  }

  begin(examples: number): void {
    this.begun = (this.begun ?? 0) + examples;
  }

  spare({ forward, gradient }: Passes): void {
    this.spared.forward += forward;
    this.spared.gradient += gradient;
  }

  /** Another process measures it. @param share what a second of that process is of the run's, where several measure side by side */
  hear({ passes, spared, begun, calls }: UnitReport, share: number): void {
    Object.assign(this.passes, passes);
    Object.assign(this.spared, spared);
    this.begun = begun;
    for (const call of calls) this.meter.add({ ...call, seconds: share * call.seconds });
  }
}
