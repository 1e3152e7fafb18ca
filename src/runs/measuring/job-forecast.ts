import type { Passes } from '../../models/system.js';
import { kindOf } from '../plan/plain-passes.js';
import type { Job, Unit } from '../plan/plan.js';
import type { UnitProgress } from './live-unit.js';
import type { PassCosts } from './pass-meter.js';

/** Passes of some examples. */
interface Spent {
  examples: number;
  passes: Passes;
}

/** Time of some examples. */
export interface Spell {
  examples: number;
  seconds: number;
}

/** Seconds that a job must take for its own time to weigh as much as what passes cost. */
const TRUST = 5;

/**
 * What is left of one job. Where the measurement says which passes it makes, passes are what is forecast: examples that
 * were begun take what they are expected to take, less what they spared; those that were not, what the others do on average.
 * What passes cost is measured across the run, and set right by what those of this job turned out to cost.
 */
export class JobForecast {
  private readonly waiting: Set<Unit>;
  private readonly running = new Map<Unit, UnitProgress>();
  /** Finished in this run. */
  private readonly finished: Spent & Spell = { examples: 0, seconds: 0, passes: { forward: 0, gradient: 0 } };
  /** Stored by an earlier one. */
  private readonly earlier: Spell = { examples: 0, seconds: 0 };
  /** As `kindOf` has it. */
  readonly kind: string;

  /** @param plain passes that one example is expected to take when nothing ends early */
  constructor(
    private readonly job: Job,
    private readonly plain: Passes | undefined,
    private readonly costs: PassCosts,
  ) {
    this.waiting = new Set(job.units);
    this.kind = kindOf(job);
  }

  /** Units that are not finished. */
  get open(): number {
    return this.waiting.size + this.running.size;
  }

  stored(unit: Unit, seconds: number): void {
    this.waiting.delete(unit);
    this.earlier.examples += sizeOf(unit);
    this.earlier.seconds += seconds;
  }

  elsewhere(unit: Unit): void {
    this.waiting.delete(unit);
  }

  start(unit: Unit, progress: UnitProgress): void {
    this.waiting.delete(unit);
    this.running.set(unit, progress);
  }

  /** It is still to be measured after all. */
  reopen(unit: Unit): void {
    this.running.delete(unit);
    this.waiting.add(unit);
  }

  finish(unit: Unit): void {
    const progress = this.running.get(unit);
    if (!progress) return;
    this.running.delete(unit);
    this.finished.examples += sizeOf(unit);
    this.finished.seconds += progress.seconds;
    this.finished.passes = plus(this.finished.passes, progress.passes);
  }

  /** Seconds that all that was begun in this run is expected to take, beside what it would if nothing ended early. */
  thrift(): { expected: number; plain: number } | undefined {
    const begun = this.begun();
    const [expected, plain] = [this.cost(begun.passes), this.plain && this.cost(this.plain)];
    if (expected === undefined || plain === undefined || begun.examples === 0) return undefined;
    return { expected, plain: begun.examples * plain };
  }

  /** What examples of this job took: in this run, else in earlier ones. Undefined without any. */
  spell(): Spell | undefined {
    return [this.finished, this.earlier].find(({ examples }) => examples > 0);
  }

  /**
   * Seconds until the job is done; undefined when nothing tells.
   * @param share of the plain passes that are made after all, from jobs like this one
   * @param secondsPerExample of the same measurement elsewhere
   */
  secondsLeft(share: number, secondsPerExample: number | undefined): number | undefined {
    if (this.open === 0) return 0;
    const begun = this.begun().examples > 0;
    const byPasses = begun || this.earlier.examples === 0 ? this.leftByPasses(share) : undefined;
    return byPasses ?? this.leftByTime(secondsPerExample);
  }

  /** Of a unit that is measured. */
  passCount(unit: Unit): { passes: number; expected: number | undefined } {
    const progress = this.running.get(unit);
    const made = progress ? total(progress.passes) : 0;
    if (!progress || !this.plain) return { passes: made, expected: undefined };
    const all = this.begun();
    const here = this.promised(unit, progress);
    const rest = sizeOf(unit) - here.examples;
    const expected = total(here.passes) + (all.examples > 0 ? (rest * total(all.passes)) / all.examples : 0);
    return { passes: made, expected: Math.max(made, Math.round(expected)) };
  }

  private leftByPasses(share: number): number | undefined {
    const begun = this.begun();
    const [promised, plain] = [this.cost(begun.passes), this.plain && this.cost(this.plain)];
    if (promised === undefined || plain === undefined) return undefined;
    const perExample = begun.examples > 0 ? promised / begun.examples : share * plain;
    const runningNow = [...this.running.values()];
    const made = runningNow.reduce((sum, { passes }) => plus(sum, passes), this.finished.passes);
    const cost = this.cost(made) ?? 0;
    const seconds = runningNow.reduce((sum, progress) => sum + progress.seconds, this.finished.seconds);
    const [waiting, inside] = [[...this.waiting], [...this.running.keys()]];
    const unbegun = examplesOf([...waiting, ...inside]) - (begun.examples - this.finished.examples);
    const left = Math.max(0, promised - cost) + unbegun * perExample;
    if (cost === 0) return left;
    const weight = seconds / (seconds + TRUST);
    return left * (1 + weight * (seconds / cost - 1));
  }

  private leftByTime(secondsPerExample: number | undefined): number | undefined {
    const own = this.spell();
    const perExample = own ? own.seconds / own.examples : secondsPerExample;
    if (perExample === undefined) return undefined;
    const spent = [...this.running].map(([unit, progress]) => ({
      examples: sizeOf(unit),
      seconds: progress.seconds,
    }));
    // A unit that takes longer than others did says that what waits will too.
    const slowest = Math.max(perExample, ...spent.map(({ examples, seconds }) => seconds / examples));
    return spent.reduce(
      (sum, { examples, seconds }) => sum + Math.max(0, examples * perExample - seconds),
      examplesOf([...this.waiting]) * slowest,
    );
  }

  /** All that was begun in this run, with the passes it made or is expected to make. */
  private begun(): Spent {
    let { examples, passes }: Spent = this.finished;
    for (const [unit, progress] of this.running) {
      const here = this.promised(unit, progress);
      examples += here.examples;
      passes = plus(passes, here.passes);
    }
    return { examples, passes };
  }

  private promised(unit: Unit, { passes, spared, begun }: UnitProgress): Spent {
    const examples = Math.min(begun ?? sizeOf(unit), sizeOf(unit));
    const { forward, gradient } = this.plain ?? { forward: 0, gradient: 0 };
    return {
      examples,
      passes: {
        forward: Math.max(passes.forward, examples * forward - spared.forward),
        gradient: Math.max(passes.gradient, examples * gradient - spared.gradient),
      },
    };
  }

  /** Seconds that some passes take; undefined when one of them was measured nowhere. */
  private cost(passes: Passes): number | undefined {
    let seconds = 0;
    for (const kind of ['forward', 'gradient'] as const) {
      if (passes[kind] === 0) continue;
      const each = this.costs.secondsPerPass(this.job.request.system, kind);
      if (each === undefined) return undefined;
      seconds += passes[kind] * each;
    }
    return seconds;
  }
}

const sizeOf = ({ start, end }: Unit): number => end - start;
const examplesOf = (units: readonly Unit[]): number => units.reduce((sum, unit) => sum + sizeOf(unit), 0);
const total = ({ forward, gradient }: Passes): number => forward + gradient;
const plus = (a: Passes, b: Passes): Passes => ({
  forward: a.forward + b.forward,
  gradient: a.gradient + b.gradient,
});
