import { isOfShape, otherShape } from '../../data/compatibility.js';
import type { DatasetInfo } from '../../data/dataset.js';
import { AssayError, unknownName } from '../../errors.js';
import type { Capability, SystemInfo } from '../../models/system.js';
import type { Request, SuiteContext } from '../../suites/contract.js';
import type { NotApplicable } from '../../suites/results.js';
import { builtinRunCatalogue } from '../asked/run-catalogue.js';
import type { SuiteEntry } from '../asked/suite-entries.js';
import { keyOf } from '../folder/keys.js';
import type { Inventory } from '../inventory/inventory.js';
import { makerOf } from '../inventory/makers.js';
import { asksUnrecorded, unrecorded } from '../inventory/unrecorded.js';
import { columnsOf, type JobColumns } from '../units/fits-columns.js';
import { rangesBetweenLooks } from './looks.js';

/** Raised when units written by an older Assay must not be reused. */
const KEY_VERSION = 3;

/** The smallest piece that is measured and stored: a job on the examples start (inclusive) to end (exclusive). */
export interface Unit {
  key: string;
  start: number;
  end: number;
}

/** A measurement of one system on one data set, shared by every suite that asks for it. */
export interface Job {
  key: string;
  request: Request;
  columns: JobColumns;
  /** Examples wanted: the most that any request wants. */
  size: number;
  /** The first so many examples come in a random order: a position is one in that order. Absent: as they lie. */
  order?: number;
  inputs: readonly Job[];
  /** What makes the images of its data set, where a measurement does. */
  maker?: Job;
  /** An image may be made of any row of the maker, and not of its own only. */
  makerWhole?: true;
  /** Read as a whole: the first `size` examples, whatever part of its own examples a unit measures. */
  reference: readonly { job: Job; size: number }[];
  /** Systems that `params` name, besides the one measured. */
  namedSystems: readonly string[];
  units: readonly Unit[];
}

/** What one entry of the run file's `suites` wants. */
export interface SuitePlan {
  entry: SuiteEntry;
  context: SuiteContext;
  /** All that the suite asked for; `wanted` is what its systems can give. */
  requests: readonly Request[];
  wanted: readonly { request: Request; job: Job; size: number }[];
  notApplicable: readonly NotApplicable[];
  /** Data sets of which a part was measured only, since the gates that rest on them are decided. */
  stopped?: ReadonlyMap<string, SampleSize>;
}

/** How many examples were measured, of how many. */
export interface SampleSize {
  n: number;
  of: number;
}

export interface Plan {
  /** Inputs come before what reads them. */
  jobs: readonly Job[];
  suites: readonly SuitePlan[];
  /**
   * Of a part of a plan: the entries of the whole, those that are left out too, since a job is as long as the longest
   * request for it; and how many examples each of them needs of each data set.
   */
  cutFrom?: { entries: readonly SuiteEntry[]; needs: readonly ReadonlyMap<string, number>[] };
}

/**
 * Asks every suite for its requests and turns them into jobs and units; requests for the same thing become one job.
 * Errors: what `plan` of a suite throws, `suite-failed` and `unknown-name` for requests that make no sense, `shape-mismatch`
 * for a system and a data set that do not belong together.
 */
export function planRun(entries: readonly SuiteEntry[], inventory: Inventory): Plan {
  const jobs = new Map<string, OpenJob>();
  const drafts = entries.map((entry) => {
    const { suite } = entry;
    const infos = shown(inventory.systems, entry, 'models');
    const sets = shown(inventory.datasets, entry, 'datasets');
    const hidden = sets.filter(
      ({ sequences }) => sequences && !suite.sequences && entry.datasets === undefined,
    );
    const context: SuiteContext = {
      systems: infos.filter((info) => lacking(info, suite.needs).length === 0),
      names: [...inventory.systems.keys()],
      datasets: sets.filter((set) => !hidden.includes(set)),
      seed: inventory.seed,
      catalogue: inventory.catalogue ?? builtinRunCatalogue,
    };
    const notApplicable = infos.flatMap((info) => [
      ...inapplicable(suite.name, info, suite.needs),
      ...ofSequencesAlone(suite.name, info, context, hidden),
    ]);
    const requests = context.systems.length > 0 ? requestsOf(entry, context) : [];
    for (const request of requests) refuseOtherShape(request, inventory, entry);
    const orders = ordersOf(requests, inventory);
    const wanted = requests.flatMap((request) => {
      const info = systemOf(request, inventory);
      const missing = lacking(info, request.measurement.needs);
      const asks = missing.length === 0 ? asksUnrecorded(request, inventory) : undefined;
      if (missing.length === 0 && asks === undefined)
        return [
          {
            request,
            job: addJob(request, undefined, { inventory, orders }, jobs),
            size: sizeOf(request, inventory),
          },
        ];
      notApplicable.push(
        ...inapplicable(suite.name, info, missing, request.measurement.name),
        ...(asks === undefined ? [] : [unrecorded(suite.name, info.name, asks)]),
      );
      return [];
    });
    return { entry, context, requests, wanted, notApplicable: distinct(notApplicable) };
  });
  const closed = new Map<OpenJob, Job>();
  const close = (open: OpenJob): Job => {
    const known = closed.get(open);
    if (known) return known;
    const { inputs, reference, maker, ...rest } = open;
    const job: Job = {
      ...rest,
      ...(maker && { maker: close(maker) }),
      inputs: inputs.map(close),
      reference: reference.map(({ job: read, size }) => ({ job: close(read), size })),
      units: unitsOf(open),
    };
    closed.set(open, job);
    return job;
  };
  const suites = drafts.map((draft) => ({
    ...draft,
    wanted: draft.wanted.map(({ job, ...rest }) => ({ ...rest, job: close(job) })),
  }));
  // A Map keeps insertion order, and `close` visits inputs first.
  return { jobs: [...closed.values()], suites };
}

/** The jobs whose rows a job reads. */
export const readBy = ({ inputs, reference, maker }: Job): Job[] => [
  ...inputs,
  ...reference.map(({ job }) => job),
  ...(maker ? [maker] : []),
];

interface OpenJob extends Omit<Job, 'units' | 'inputs' | 'reference' | 'maker' | 'size'> {
  size: number;
  inputs: readonly OpenJob[];
  maker?: OpenJob;
  reference: readonly { job: OpenJob; size: number }[];
}

/** What an entry of `suites` is shown: all, or what it names. Errors: `unknown-name`. */
function shown<T>(
  all: ReadonlyMap<string, { info: T }>,
  { path, file, ...entry }: SuiteEntry,
  key: 'models' | 'datasets',
): T[] {
  const named = entry[key];
  named?.forEach((name, i) => {
    if (all.has(name)) return;
    const at = { file, path: `${path.replace(/\.[^.]*$/, '')}.${key}[${i}]` };
    throw unknownName(key === 'models' ? 'model' : 'data set', name, [...all.keys()], at);
  });
  return [...all].filter(([name]) => named === undefined || named.includes(name)).map(([, { info }]) => info);
}

/** Why a suite has no test set, where all that there are hold sequences of frames. */
function ofSequencesAlone(
  suite: string,
  { name: model }: SystemInfo,
  { datasets }: Pick<SuiteContext, 'datasets'>,
  hidden: readonly DatasetInfo[],
): NotApplicable[] {
  if (hidden.length === 0 || datasets.some(({ role }) => role === 'test')) return [];
  const names = hidden.map(({ name }) => `"${name}"`).join(', ');
  return [
    { suite, model, reason: `${names} holds sequences of frames, which the suite \`consistency\` reads` },
  ];
}

function requestsOf({ suite, options, path, file }: SuiteEntry, context: SuiteContext): Request[] {
  try {
    return suite.plan(context, options);
  } catch (error) {
    if (error instanceof AssayError && error.code === 'config-invalid') {
      const inner = error.details.path;
      throw new AssayError(error.code, error.message, {
        ...error.details,
        file: error.details.file ?? file,
        path: inner ? `${path}.${inner}` : path,
        hint: error.details.hint ?? 'correct that option',
      });
    }
    if (error instanceof AssayError) throw error;
    throw new AssayError(
      'suite-failed',
      `the suite "${suite.name}" could not plan its work: ${String(error)}`,
      {
        file,
        path,
        cause: error,
      },
    );
  }
}

function addJob(
  request: Request,
  size: number | undefined,
  place: { inventory: Inventory; orders: ReadonlyMap<string, number> },
  jobs: Map<string, OpenJob>,
): OpenJob {
  const { inventory, orders } = place;
  const { measurement, system, dataset, params } = request;
  const order = measurement.firstImages === undefined ? orders.get(dataset) : undefined;
  const wanted = size ?? sizeOf(request, inventory);
  const { catalogue = builtinRunCatalogue } = inventory;
  // An input is needed for as many examples as its reader has, whatever its own `first` says.
  const inputs = (request.inputs ?? []).map((input) => {
    if (input.dataset === dataset) return addJob(input, wanted, place, jobs);
    throw new AssayError('suite-failed', `"${measurement.name}" reads rows of another data set`, {
      expected: `inputs on "${dataset}"`,
      found: `"${input.measurement.name}" on "${input.dataset}"`,
    });
  });
  const reference = (request.reference ?? []).map((read) => ({
    job: addJob(read, undefined, place, jobs),
    size: sizeOf(read, inventory),
  }));
  // The fingerprint of the data set stands for it in the key.
  const making = measurement.aggregate === true ? undefined : makerOf(dataset, inventory);
  const whole = making?.whole || measurement.aggregate !== undefined;
  // What makes the images of a data set that has no parent is measured on that data set: nothing comes before it.
  const maker =
    making && !sameRequest(making.request, request)
      ? addJob(making.request, whole ? undefined : wanted, place, jobs)
      : undefined;
  const namedSystems = namesWithin(params, inventory.systems).filter((name) => name !== system);
  const key = keyOf({
    version: KEY_VERSION,
    measurement: [measurement.name, measurement.version],
    system: systemOf(request, inventory).identity,
    namedSystems: namedSystems.map((name) => [name, inventory.systems.get(name)?.info.identity ?? '']),
    dataset: datasetOf(request, inventory).fingerprint,
    ...(order !== undefined && { order }),
    params,
    seed: inventory.seed,
    ...(catalogue.versions.length > 0 && { plugins: catalogue.versions }),
    // Floating point of another engine is not mixed into one result.
    engine: inventory.engine,
    inputs: inputs.map((input) => input.key),
    ...(reference.length > 0 && { reference: reference.map(({ job, size }) => [job.key, size]) }),
  });
  const columns = columnsOf(request, systemOf(request, inventory), catalogue);
  const job = jobs.get(key) ?? {
    key,
    request,
    columns,
    size: 0,
    inputs,
    reference,
    namedSystems,
    ...(order !== undefined && { order }),
    ...(maker && { maker }),
    ...(maker && whole && { makerWhole: true as const }),
  };
  job.size = Math.max(job.size, wanted);
  jobs.set(key, job);
  return job;
}

/** A run may have images of several sizes: suites are then told which of them they are shown. */
function refuseOtherShape(
  request: Request,
  inventory: Inventory,
  { file, path }: Pick<SuiteEntry, 'file' | 'path'>,
): void {
  const [system, dataset] = [systemOf(request, inventory), datasetOf(request, inventory)];
  if (!isOfShape(dataset, system))
    throw otherShape(
      dataset,
      system,
      { file, path },
      'say beside the suite which it is shown: `models: [...]` and `datasets: [...]`',
    );
  for (const read of [...(request.inputs ?? []), ...(request.reference ?? [])])
    refuseOtherShape(read, inventory, { file, path });
}

/** Of data sets in a random order: of how many examples. The rows of one suite stand side by side, so it has one order. */
function ordersOf(requests: readonly Request[], inventory: Inventory): Map<string, number> {
  const orders = new Map<string, number>();
  for (const request of requests)
    if (datasetOf(request, inventory).shuffled)
      orders.set(request.dataset, Math.max(orders.get(request.dataset) ?? 0, sizeOf(request, inventory)));
  return orders;
}

const sameRequest = (a: Request, b: Request): boolean =>
  a.measurement.name === b.measurement.name &&
  a.system === b.system &&
  a.dataset === b.dataset &&
  keyOf(a.params) === keyOf(b.params);

function unitsOf({ key, size, order, request }: OpenJob): Unit[] {
  const { name, unitSize } = request.measurement;
  if (!Number.isInteger(unitSize) || unitSize < 1)
    throw new AssayError('suite-failed', `the measurement "${name}" has no usable unitSize`, {
      expected: 'an integer of at least 1',
      found: String(unitSize),
    });
  const ranges = order === undefined ? rangesOfSize(size, unitSize) : rangesBetweenLooks(size, unitSize);
  return ranges.map(({ start, end }) => ({ key: keyOf([key, start, end]), start, end }));
}

const rangesOfSize = (size: number, most: number) =>
  Array.from({ length: Math.ceil(size / most) }, (_, i) => ({
    start: i * most,
    end: Math.min(size, (i + 1) * most),
  }));

function systemOf({ system }: Request, { systems }: Inventory): SystemInfo {
  const found = systems.get(system);
  if (!found) throw unknownName('system', system, [...systems.keys()]);
  return found.info;
}

function datasetOf({ dataset }: Request, { datasets }: Inventory): DatasetInfo {
  const found = datasets.get(dataset);
  if (!found) throw unknownName('data set', dataset, [...datasets.keys()]);
  return found.info;
}

function sizeOf(request: Request, inventory: Inventory): number {
  const { size } = datasetOf(request, inventory);
  if (request.measurement.aggregate) return 1;
  return Math.min(size, request.first ?? size);
}

/** Names of systems that occur as values in parameters: what those systems are then decides the outcome too. */
function namesWithin(value: unknown, systems: ReadonlyMap<string, unknown>): string[] {
  if (typeof value === 'string') return systems.has(value) ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return [...new Set(Object.values(value).flatMap((v) => namesWithin(v, systems)))].sort();
}

const lacking = (info: SystemInfo, needs: readonly Capability[]) =>
  needs.filter((need) => !info.offers.includes(need));

function inapplicable(
  suite: string,
  info: SystemInfo,
  needs: readonly Capability[],
  what?: string,
): NotApplicable[] {
  return lacking(info, needs).map((need) => ({
    suite,
    model: info.name,
    ...(what !== undefined && { what }),
    reason: info.lacks[need] ?? `it has no ${need}`,
  }));
}

/** Each once: systems lack the same for several reasons, and entries of one suite with other options may say the same. */
export const distinct = <T>(list: readonly T[]): T[] => [
  ...new Map(list.map((entry) => [JSON.stringify(entry), entry])).values(),
];
