import type { SystemInfo } from '../../models/system.js';
import { builtinCatalogue, type Catalogue } from '../../suites/catalogue.js';
import { plainPasses } from '../plan/plain-passes.js';
import type { Job, Unit } from '../plan/plan.js';
import { JobForecast, type Spell } from './job-forecast.js';
import type { UnitProgress } from './live-unit.js';
import type { PassCosts } from './pass-meter.js';
import type { PassCount, Status } from './progress.js';

/**
 * Estimates the time that is left from what passes cost in this run and how many are expected; from seconds per example,
 * of the same job or else the same measurement, where a measurement does not say which passes it makes.
 */
export class Forecast {
  private readonly jobs = new Map<Job, JobForecast>();
  private units: number;

  /** @param infoOf the description of a system, by name */
  constructor(
    jobs: readonly Job[],
    costs: PassCosts,
    infoOf: (system: string) => SystemInfo | undefined,
    catalogue: Catalogue = builtinCatalogue,
  ) {
    for (const job of jobs)
      this.jobs.set(job, new JobForecast(job, plainPasses(job, infoOf, catalogue), costs));
    this.units = jobs.reduce((sum, job) => sum + job.units.length, 0);
  }

  /** Measured by an earlier run. */
  stored(job: Job, unit: Unit, seconds: number): void {
    this.jobs.get(job)?.stored(unit, seconds);
  }

  /** Measured by others: nothing of it is expected here. */
  elsewhere(job: Job, unit: Unit): void {
    this.units--;
    this.jobs.get(job)?.elsewhere(unit);
  }

  started(job: Job, unit: Unit, progress: UnitProgress): void {
    this.jobs.get(job)?.start(unit, progress);
  }

  reopened(job: Job, unit: Unit): void {
    this.jobs.get(job)?.reopen(unit);
  }

  finished(job: Job, unit: Unit): void {
    this.jobs.get(job)?.finish(unit);
  }

  /** Nothing more is expected of the job. */
  dropped(job: Job): void {
    this.jobs.delete(job);
  }

  /** Of a unit that is measured. */
  passCount(job: Job, unit: Unit): PassCount {
    return this.jobs.get(job)?.passCount(unit) ?? { passes: 0, expected: undefined };
  }

  status(): Status {
    const forecasts = [...this.jobs];
    const open = forecasts.reduce((sum, [, job]) => sum + job.open, 0);
    const shares = sharesOf(forecasts.map(([, job]) => job));
    let secondsLeft: number | undefined = 0;
    for (const [{ request }, job] of forecasts) {
      const alike = forecasts
        .filter(([other]) => other.request.measurement.name === request.measurement.name)
        .map(([, other]) => other.spell());
      const left = job.secondsLeft(shares.get(job.kind) ?? 1, secondsPerExample(alike));
      secondsLeft = left === undefined || secondsLeft === undefined ? undefined : secondsLeft + left;
    }
    return { done: this.units - open, units: this.units, secondsLeft };
  }
}

/** By kind of job: how much of what examples take when nothing ends early they turned out to take. */
function sharesOf(jobs: readonly JobForecast[]): Map<string, number> {
  const sums = new Map<string, { expected: number; plain: number }>();
  for (const job of jobs) {
    const own = job.thrift();
    if (!own) continue;
    const { expected, plain } = sums.get(job.kind) ?? { expected: 0, plain: 0 };
    sums.set(job.kind, { expected: expected + own.expected, plain: plain + own.plain });
  }
  return new Map([...sums].map(([kind, { expected, plain }]) => [kind, plain > 0 ? expected / plain : 1]));
}

function secondsPerExample(spells: readonly (Spell | undefined)[]): number | undefined {
  const known = spells.filter((spell) => spell !== undefined);
  const examples = known.reduce((sum, spell) => sum + spell.examples, 0);
  return examples > 0 ? known.reduce((sum, { seconds }) => sum + seconds, 0) / examples : undefined;
}
