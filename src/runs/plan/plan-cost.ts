import { addTo, scaled, weightOf } from '../../models/passes.js';
import type { Passes, SystemInfo } from '../../models/system.js';
import { builtinCatalogue, type Catalogue } from '../../suites/catalogue.js';
import type { Inventory } from '../inventory/inventory.js';
import type { UnitHead } from '../units/unit-file.js';
import { kindOf, plainPasses } from './plain-passes.js';
import type { Job, Plan, Unit } from './plan.js';
import { withAllRead } from './read-units.js';

/** What an estimate of passes rests on. */
export type Basis =
  /** Every example takes the same. */
  | 'exact'
  /** Examples may end early; units that are stored say how many do. */
  | 'stored'
  /** A probe says so, or units with the same parameters, of another system or data set. */
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
  units: number;
  /** Of these, units that are stored. */
  stored: number;
  /** Of the units that are to be measured. */
  examples: number;
  /** What is likely; undefined where nothing tells. */
  expected: Passes | undefined;
  /** When nothing ends early; what confirms a verdict of a stochastic system comes on top. */
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
  /** Examples that may end early count in full where nothing tells how many do. */
  expected: Passes;
  atMost: Passes;
  /** Whether some of `expected` is a bound, or some jobs do not say what they take. */
  open: boolean;
  /** Wall clock on the machine that measured what is known; undefined where nothing tells of some passes. */
  seconds: number | undefined;
}

/** What examples took, as the heads of units and the costs of jobs say it. */
export type Measured = Pick<UnitHead, 'n' | 'passes' | 'seconds'>;

/** Examples of a job, of this plan or of another, that were measured. */
export interface Experience {
  job: Job;
  measured: Measured;
}

/** What there is to go by. */
export interface Known {
  /** By job: units that are stored. */
  stored: ReadonlyMap<Job, ReadonlyMap<Unit, Measured>>;
  /** Of a probe. */
  probed?: readonly Experience[];
  /** Whether a unit is to be measured, by its key. Default: all are that are not stored. */
  due?: (key: string) => boolean;
  /** What is stored tells what the rest takes, and is measured all the same: in a folder where it is not. */
  anew?: boolean;
}

/** Whose costs are asked for. */
export type CostInventory = Pick<Inventory, 'systems'> & { catalogue?: Catalogue | undefined };

/** Network passes that one example of a job takes when nothing ends early; undefined where the measurement does not say. */
export function passesPerExample(job: Job, { systems, catalogue = builtinCatalogue }: CostInventory) {
  const infoOf = (name: string) => systems.get(name)?.info;
  const calls = plainPasses(job, infoOf, catalogue);
  return calls && networkPasses(calls, infoOf(job.request.system));
}

/** What calls of a system are as passes of the networks in it. */
function networkPasses(calls: Passes, info: SystemInfo | undefined): Passes {
  // What was predicted elsewhere goes through no network.
  if (info?.input === 'predictions') return NONE;
  const call = info?.callPasses;
  if (!call) return calls;
  const passes = scaled(call.forward, calls.forward);
  addTo(passes, scaled(call.gradient, calls.gradient));
  return passes;
}

/**
 * The passes and the time that are left of a plan. Passes of examples that cannot end early are known; of others, what
 * the same job, or one with the same parameters, has shown so far; without that, what they take at most.
 * @param plan its suites only tell who reads a job
 */
export function planCost(
  plan: Pick<Plan, 'jobs'> & Partial<Pick<Plan, 'suites'>>,
  inventory: CostInventory,
  known: Known,
): PlanCost {
  const { due = () => true, anew = false } = known;
  const experience = experienceOf(plan.jobs, known);
  const suites = readersOf(plan.suites ?? []);
  const jobs = plan.jobs.map((job): JobEstimate => {
    const stored = known.stored.get(job) ?? new Map<Unit, Measured>();
    const examples = examplesIn(job.units.filter((unit) => (anew || !stored.has(unit)) && due(unit.key)));
    const kept = anew ? 0 : stored.size;
    const about = { job, suites: suites.get(job) ?? [], units: job.units.length, stored: kept };
    if (examples === 0)
      return { ...about, examples, expected: NONE, atMost: NONE, basis: 'exact', seconds: 0 };
    const plain = passesPerExample(job, inventory);
    const shown = experience.of(job);
    const varies = job.request.measurement.endsEarly || !plain;
    const perExample = varies && shown ? scaled(shown.passes, 1 / shown.n) : plain;
    const expected = perExample && rounded(scaled(perExample, examples));
    const secondsEach = shown && stored.size > 0 ? shown.seconds / shown.n : undefined;
    return {
      ...about,
      examples,
      expected,
      atMost: plain && scaled(plain, examples),
      basis: basisOf({ varies, shown, stored: stored.size > 0, plain }),
      seconds:
        secondsEach !== undefined ? secondsEach * examples : experience.seconds(job, expected, examples),
    };
  });
  const left = jobs.filter(({ examples }) => examples > 0);
  return {
    jobs,
    units: sum(jobs.map(({ units }) => units)),
    stored: sum(jobs.map(({ stored }) => stored)),
    expected: allPasses(left.map(({ expected = NONE }) => expected)),
    atMost: allPasses(left.map(({ atMost, expected = NONE }) => atMost ?? expected)),
    open: left.some(({ basis }) => basis === 'bound' || basis === 'unknown'),
    seconds: left.some(({ seconds }) => seconds === undefined)
      ? undefined
      : sum(left.map(({ seconds = 0 }) => seconds)),
  };
}

function basisOf(found: {
  varies: boolean;
  shown: Measured | undefined;
  stored: boolean;
  plain: Passes | undefined;
}): Basis {
  if (!found.varies) return 'exact';
  if (found.shown) return found.stored ? 'stored' : 'alike';
  return found.plain ? 'bound' : 'unknown';
}

/** What was measured tells of what was not: of the same job first, then of the same system, then of the same parameters. */
function experienceOf(jobs: readonly Job[], { stored, probed = [] }: Known) {
  const all: Experience[] = [...probed];
  for (const job of jobs) {
    const units = stored.get(job);
    if (units && units.size > 0) all.push({ job, measured: inAll([...units.values()]) });
  }
  const byKind = grouped(all, ({ job }) => kindOf(job));
  const bySystem = grouped(all, ({ job }) => job.request.system);
  const of = (job: Job): Measured | undefined => {
    const alike = byKind.get(kindOf(job)) ?? [];
    const { system, dataset } = job.request;
    const nearest = [
      alike.filter((other) => other.job === job),
      alike.filter(({ job: { request } }) => request.system === system && request.dataset === dataset),
      alike.filter(({ job: { request } }) => request.system === system),
      alike,
    ].find((some) => some.length > 0);
    return nearest && inAll(nearest.map(({ measured }) => measured));
  };
  /** By what a pass of the system took; of what makes no passes, by what as many examples took. */
  const seconds = (job: Job, passes: Passes | undefined, examples: number): number | undefined => {
    const weight = passes && weightOf(passes);
    if (!weight) {
      const shown = of(job);
      // Where nothing tells, it counts as nothing beside passes.
      return shown ? (shown.seconds * examples) / shown.n : passes && 0;
    }
    const own = (bySystem.get(job.request.system) ?? []).filter(
      ({ measured }) => weightOf(measured.passes) > 0,
    );
    const spent = inAll(own.map(({ measured }) => measured));
    return own.length > 0 ? (weight * spent.seconds) / weightOf(spent.passes) : undefined;
  };
  return { of, seconds };
}

/** The suites that read the rows of each job, also by way of others. */
function readersOf(suites: Plan['suites']): Map<Job, string[]> {
  const readers = new Map<Job, string[]>();
  for (const { entry, wanted } of suites) {
    for (const job of withAllRead(wanted.map(({ job }) => job))) {
      const names = readers.get(job) ?? [];
      if (!names.includes(entry.suite.name)) readers.set(job, [...names, entry.suite.name]);
    }
  }
  return readers;
}

const NONE: Passes = { forward: 0, gradient: 0 };

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

export const examplesIn = (units: readonly Unit[]): number => sum(units.map(({ start, end }) => end - start));

const inAll = (some: readonly Measured[]): Measured => ({
  n: sum(some.map(({ n }) => n)),
  passes: allPasses(some.map(({ passes }) => passes)),
  seconds: sum(some.map(({ seconds }) => seconds)),
});

function allPasses(some: readonly Passes[]): Passes {
  const total = { ...NONE };
  for (const passes of some) addTo(total, passes);
  return total;
}

function grouped<T>(all: readonly T[], by: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const key = by(one);
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return groups;
}

const rounded = ({ forward, gradient }: Passes): Passes => ({
  forward: Math.round(forward),
  gradient: Math.round(gradient),
});
