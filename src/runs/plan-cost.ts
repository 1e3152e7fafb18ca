import { addTo } from '../models/passes.js';
import type { Passes, SystemInfo } from '../models/system.js';
import { builtinCatalogue, type Catalogue } from '../suites/catalogue.js';
import { plainPasses } from './forecast.js';
import type { Inventory } from './inventory.js';
import { type Job, type Plan, readBy, type Unit } from './plan.js';
import type { UnitHead } from './unit-file.js';

/** What an estimate of passes rests on. */
export type Basis =
  /** Every example takes the same. */
  | 'exact'
  /** Examples may end early; the units of the job that are stored say how many do. */
  | 'stored'
  /** The same of units with the same parameters, of another system or data set. */
  | 'alike'
  /** Examples may end early, and nothing tells how many do. */
  | 'bound'
  /** The measurement does not say which passes it makes. */
  | 'unknown';

/** What the units of a job that are not stored are expected to take. */
export interface JobEstimate {
  job: Job;
  /** Names of the suites that read its rows. */
  suites: readonly string[];
  /** Units of it that are stored. */
  stored: number;
  /** Examples of the others. */
  examples: number;
  /** Undefined where nothing tells. */
  expected: Passes | undefined;
  /** When nothing ends early. */
  atMost: Passes | undefined;
  basis: Basis;
  /** Wall clock; undefined where nothing comparable was measured. */
  seconds: number | undefined;
}

/** What a run is expected to take. */
export interface PlanCost {
  jobs: readonly JobEstimate[];
  units: number;
  /** Of these, units that are stored. */
  stored: number;
  /** Where nothing tells how many examples end early, this counts none. */
  expected: Passes;
  atMost: Passes;
  /** Whether some of `expected` is a bound, or some jobs do not say what they take. */
  open: boolean;
  /** Wall clock of one process on the machine that measured what is stored; undefined where nothing tells of some passes. */
  seconds: number | undefined;
}

/** Units by what they say of themselves, and those of a probe, which are no part of the run. */
export interface Known {
  stored: ReadonlyMap<Job, ReadonlyMap<Unit, Measured>>;
  probed?: ReadonlyMap<string, Measured>;
}

/** What examples took, as the heads of units and the costs of jobs say it. */
export type Measured = Pick<UnitHead, 'n' | 'passes' | 'seconds'>;

/**
 * What a gradient pass takes, in forward passes: a forward pass, a backward pass of twice its multiplications, and what
 * is kept in between. Measured networks lie between 2.4 and 3.3.
 */
export const GRADIENT_WEIGHT = 3;

/** Passes as one number: how many forward passes take as long. */
export const weightOf = ({ forward, gradient }: Passes): number => forward + GRADIENT_WEIGHT * gradient;

/** Network passes that one example of a job takes when nothing ends early; undefined where the measurement does not say. */
export function passesPerExample(job: Job, { systems, catalogue = builtinCatalogue }: CostInventory) {
  const infoOf = (name: string) => systems.get(name)?.info;
  const calls = plainPasses(job, infoOf, catalogue);
  return calls && networkPasses(calls, infoOf(job.request.system));
}

type CostInventory = Pick<Inventory, 'systems'> & { catalogue?: Catalogue | undefined };

/** What calls of a system are as passes of the networks in it. */
function networkPasses(calls: Passes, info: SystemInfo | undefined): Passes {
  const call = info?.callPasses;
  if (!call) return calls;
  return plus(scaled(call.forward, calls.forward), scaled(call.gradient, calls.gradient));
}

/**
 * The passes and the time that are left of a plan. Passes of examples that cannot end early are known; of others, what
 * the same job, or one with the same parameters, has shown so far; without that, what they take at most.
 */
export function planCost(
  plan: Pick<Plan, 'jobs' | 'suites'>,
  inventory: CostInventory,
  known: Known,
): PlanCost {
  const { rateOf, alike } = experience(plan.jobs, known);
  const suites = readersOf(plan);
  const jobs = plan.jobs.map((job): JobEstimate => {
    const stored = known.stored.get(job) ?? new Map<Unit, Measured>();
    const examples = examplesOf(job.units.filter((unit) => !stored.has(unit)));
    const plain = passesPerExample(job, inventory);
    const own = sumOf([...stored.values()]);
    const shown = own.n > 0 ? own : alike(job);
    const counted = job.request.measurement.endsEarly || !plain ? shown : undefined;
    const basis: Basis = counted
      ? own.n > 0
        ? 'stored'
        : 'alike'
      : !plain
        ? 'unknown'
        : job.request.measurement.endsEarly
          ? 'bound'
          : 'exact';
    const atMost = plain && scaled(plain, examples);
    const expected = counted ? rounded(scaled(counted.passes, examples / counted.n)) : atMost;
    const seconds =
      examples === 0
        ? 0
        : own.n > 0
          ? (own.seconds * examples) / own.n
          : (timeOf(expected, rateOf(job.request.system)) ?? timeAlike(shown, examples));
    const about = { job, suites: suites.get(job) ?? [], stored: stored.size, examples };
    return { ...about, expected, atMost, basis: examples === 0 ? 'exact' : basis, seconds };
  });
  const left = jobs.filter(({ examples }) => examples > 0);
  const total = (of: (job: JobEstimate) => Passes | undefined) =>
    left.reduce((sum, job) => plus(sum, of(job) ?? NONE), NONE);
  return {
    jobs,
    units: plan.jobs.reduce((sum, { units }) => sum + units.length, 0),
    stored: jobs.reduce((sum, { stored }) => sum + stored, 0),
    expected: total(({ expected }) => expected),
    atMost: total(({ atMost, expected }) => atMost ?? expected),
    open: left.some(({ basis }) => basis === 'bound' || basis === 'unknown'),
    seconds: left.some(({ seconds }) => seconds === undefined)
      ? undefined
      : left.reduce((sum, { seconds = 0 }) => sum + seconds, 0),
  };
}

/** What jobs share whose examples take alike many passes. */
export const kindOf = ({ request: { measurement, params } }: Job): string =>
  JSON.stringify([measurement.name, params]);

/** What is known from units: seconds that a forward pass of a system takes, and what examples of other jobs took. */
function experience(jobs: readonly Job[], { stored, probed = new Map() }: Known) {
  const bySystem = new Map<string, Measured[]>();
  const byKind = new Map<string, { job: Job; own: Measured }[]>();
  const add = <T>(map: Map<string, T[]>, key: string, value: T) =>
    map.set(key, [...(map.get(key) ?? []), value]);
  for (const job of jobs) {
    const probe = probed.get(job.key);
    const own = sumOf([...(stored.get(job)?.values() ?? []), ...(probe ? [probe] : [])]);
    if (own.n === 0) continue;
    add(bySystem, job.request.system, own);
    add(byKind, kindOf(job), { job, own });
  }
  const rateOf = (system: string): number | undefined => {
    const { passes, seconds } = sumOf(
      (bySystem.get(system) ?? []).filter(({ passes }) => weightOf(passes) > 0),
    );
    return weightOf(passes) > 0 ? seconds / weightOf(passes) : undefined;
  };
  /** Of the job itself where a probe measured it, else of the same system on other data, else of other systems. */
  const alike = (job: Job): Measured | undefined => {
    const others = byKind.get(kindOf(job)) ?? [];
    const nearest = [
      others.filter((other) => other.job === job),
      others.filter((other) => other.job.request.system === job.request.system),
      others,
    ].find((some) => some.length > 0);
    return nearest && sumOf(nearest.map(({ own }) => own));
  };
  return { rateOf, alike };
}

const timeOf = (passes: Passes | undefined, rate: number | undefined) => {
  if (!passes || weightOf(passes) === 0) return undefined;
  return rate === undefined ? undefined : weightOf(passes) * rate;
};

/** What makes no passes takes little beside the rest: where nothing tells, it counts as nothing. */
const timeAlike = (shown: Measured | undefined, examples: number): number | undefined =>
  shown && shown.n > 0 ? (shown.seconds * examples) / shown.n : undefined;

/** The suites that read the rows of each job, also by way of others. */
function readersOf({ suites }: Pick<Plan, 'suites'>): Map<Job, string[]> {
  const readers = new Map<Job, string[]>();
  for (const { entry, wanted } of suites) {
    const seen = new Set<Job>();
    const visit = (job: Job) => {
      if (seen.has(job)) return;
      seen.add(job);
      const names = readers.get(job) ?? [];
      if (!names.includes(entry.suite.name)) readers.set(job, [...names, entry.suite.name]);
      for (const read of readBy(job)) visit(read);
    };
    for (const { job } of wanted) visit(job);
  }
  return readers;
}

const NONE: Passes = { forward: 0, gradient: 0 };

function sumOf(some: readonly Measured[]): Measured {
  const sum = { n: 0, passes: { ...NONE }, seconds: 0 };
  for (const { n, passes, seconds } of some) {
    sum.n += n;
    addTo(sum.passes, passes);
    sum.seconds += seconds;
  }
  return sum;
}

const examplesOf = (units: readonly Unit[]): number =>
  units.reduce((sum, { start, end }) => sum + end - start, 0);
const scaled = ({ forward, gradient }: Passes, by: number): Passes => ({
  forward: forward * by,
  gradient: gradient * by,
});
const rounded = ({ forward, gradient }: Passes): Passes => ({
  forward: Math.round(forward),
  gradient: Math.round(gradient),
});
const plus = (a: Passes, b: Passes): Passes => ({
  forward: a.forward + b.forward,
  gradient: a.gradient + b.gradient,
});
