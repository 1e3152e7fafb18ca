import type { Static, TSchema } from '../config/type.js';
import type { DatasetInfo, Examples } from '../data/dataset.js';
import type { Step } from '../metrics/estimates/intervals.js';
import type { NotFinite } from '../models/finite.js';
import type { Outlook } from '../models/outlook.js';
import type { Capability, Passes, System, SystemInfo } from '../models/system.js';
import type { Catalogue } from './catalogue.js';
import type { Columns, DataOf, NdArray, Rows, RowsIn } from './columns.js';
import type { SystemRefusal } from './refused.js';
import type { Figure, Measure, NotApplicable, Table, Warning } from './results.js';

/** Rows that a measurement reads of others, a type for each; optional ones are those it can do without. */
type ReadRows = readonly (Rows | undefined)[];

/** What a measurement has at hand. The runner has checked `needs` and loaded the examples. */
export interface MeasureContext<Inputs extends ReadRows = [], Reference extends ReadRows = []> {
  system: System;
  examples: Examples;
  /** Rows of the requests named in `Request.inputs`, for the same examples. */
  inputs: Inputs;
  /** All rows of the requests named in `Request.reference`, the same for every unit. */
  reference: Reference;
  /**
   * For an `aggregate`: the rows of request `at` of `Request.reference`, part by part, so that no set is held as a whole;
   * `reference` itself is empty. Parts of requests of one data set are of the same examples, but for those that failed,
   * which are left out.
   */
  parts(at: number): AsyncIterable<RowsPart>;
  /**
   * For an `aggregate` of images: those of its data set, part by part; or only those at some positions, one by one, in
   * this order. Examples that failed are left out.
   */
  images(at?: readonly number[]): AsyncIterable<Examples>;
  /** The run's seed; streams are keyed by it, a purpose and `examples.indices`. */
  seed: number;
  /**
   * Told of an example for which the system gives no numbers: it is reported as failed, whatever its row holds. A
   * measurement that lets `NotFinite` through instead is repeated without the examples at fault.
   */
  fail?: (position: number, error: NotFinite) => void;
  /** Raised when the user interrupts; long measurements check it between batches. */
  signal: AbortSignal;
  /** Told by measurements whose examples end early, so that the time left is right. Without it, all examples are begun. */
  outlook?: Outlook;
  /** What the run can name: attacks, norms, scores and all else, those of plug-ins too. */
  catalogue: Catalogue;
  /** Any system of the run by name (its passes are counted too). */
  systemNamed(name: string): System;
}

/**
 * An expensive pass with a name, shared by every suite that asks for the same one: it is computed once per
 * system, data set, parameters and example, stored, and found again by its key.
 */
export interface Measurement<
  Params = unknown,
  R extends Rows = Rows,
  Inputs extends ReadRows = ReadRows,
  Reference extends ReadRows = ReadRows,
> {
  name: string;
  /** Part of the key: raise it when the meaning of the rows changes. */
  version: number;
  needs: readonly Capability[];
  /** Examples per unit, the smallest piece that is stored and resumed. Does not change any row. */
  unitSize: number;
  /**
   * One row of a whole data set, such as statistics of training images, in one unit: `examples` is one without pixels,
   * and what it is made of comes from `parts`; or, of `images`, from the context's `images`.
   */
  aggregate?: true | 'images';
  /**
   * It reads no more than so many `images`, the first as the data set lies: rows that are read as a reference of others do not keep
   * these from being measured in a random order, of which it has no part.
   */
  firstImages?: number;
  /**
   * Passes through the system that an example takes when nothing ends early, a pass being one example in a call. For the
   * time left only; without it, that is told from the seconds of units.
   */
  passes?(params: Params, system: SystemInfo, catalogue: Catalogue): Passes;
  /** Examples may take fewer than `passes` says: `outlook` is told of those that were not needed. */
  endsEarly?: true;
  /** The columns of a system, with these parameters: what is measured or read is held against them. */
  columns(system: SystemInfo, params: Params, catalogue: Catalogue): Columns;
  /** Each column as one array, row after row, in the order of `examples`. */
  measure(context: MeasureContext<Inputs, Reference>, params: Params): Promise<DataOf<R>>;
}

/** An example for which a measurement has no result. */
export interface FailedExample {
  /** Source index in the data set. */
  example: number;
  /** What went wrong, such as `a logit of "m" is NaN`. */
  what: string;
  /** Its unit failed as a whole and was left out: nothing is known of the example itself. */
  leftOut?: boolean;
}

/** A measurement asked for: on this system, this data set, with these parameters. It finds its rows again. */
export interface Request<R extends Rows = Rows> {
  measurement: Measurement<unknown, R>;
  /** System name. */
  system: string;
  /** Data set name. */
  dataset: string;
  /** Plain JSON: it is hashed into the key of every unit. */
  params: unknown;
  /** Only the first so many examples (thumbnails). Default: all. */
  first?: number;
  /** Requests whose rows `measure` reads, on the same data set. They are run first. */
  inputs?: readonly Request[];
  /**
   * Requests of which `measure` reads all rows at once, on any data set: what a threshold is fitted on. They are run
   * first, and how many examples they have is part of the key of every unit.
   */
  reference?: readonly Request[];
}

/** What a suite can see when it plans and when it summarises: descriptions, no models, no pixels. */
export interface SuiteContext {
  /** The systems that offer all that the suite needs. */
  systems: readonly SystemInfo[];
  /** Names of all systems of the run, for options that name one which need not offer that. */
  names?: readonly string[];
  datasets: readonly DatasetInfo[];
  seed: number;
  /** What the run can name: attacks, norms, scores and all else, those of plug-ins too. */
  catalogue: Catalogue;
  /** For what takes long in `summarise`: whom to tell how much is done of what, such as `resamples of jem on test`. */
  steps?: (what: string) => Step;
}

/** A request with the rows of all its examples, in data set order. */
export interface Collected<R extends Rows = Rows> {
  request: Request<R>;
  rows: R;
  /** (n) source indices. */
  indices: Int32Array;
  /** (n); absent for unlabelled sets. */
  labels?: Int32Array;
  /** Examples that failed: suites are given the others only. */
  failed?: readonly FailedExample[];
}

/** Rows of some examples of a data set, and at which positions of it they are: (n), counted from 0. */
export type RowsPart = Omit<Collected, 'request'> & { positions: Int32Array };

/** The rows of everything that a suite has planned. */
export interface CollectedRows {
  /**
   * The rows of a request, the one that was planned or an equal one made again. Undefined where the system lacks what
   * the measurement needs, and where the measurement was refused (the runner tells of it). Errors: `suite-failed` for a request that was not planned.
   */
  get<R extends Rows>(request: Request<R>): Collected<R> | undefined;
  /** The rows of a measurement wherever it was asked for, in the order of the plan. */
  all<R extends Rows>(measurement: Measurement<never, R>): readonly Collected<R>[];
}

/** What a suite makes of the rows: data only, presentation is the report's. */
export interface Summary {
  measures: Measure[];
  tables?: Table[];
  figures?: Figure[];
  warnings?: Warning[];
  notApplicable?: NotApplicable[];
  /** What rows that are there are of no use for, such as a score that is NaN: told as what measurements refuse. */
  refusals?: SystemRefusal[];
  /** CSV files with a row per example and condition, written to `examples/NAME.csv`. */
  examples?: ExampleSheet[];
  /** Arrays with a row per example, written to `examples/NAME.npy`. */
  arrays?: ExampleArray[];
}

/** What a sheet cannot hold, such as adversarial images. */
export interface ExampleArray {
  name: string;
  array: NdArray;
}

/** A per-example sheet: the rows a reader needs to recompute the measures. */
export interface ExampleSheet {
  name: string;
  columns: readonly string[];
  rows: Iterable<readonly (string | number | boolean | null)[]>;
}

/**
 * A plug-in that measures one thing. `plan` says which measurements it wants, `summarise` turns their rows
 * into measures, tables and figures. Both are pure and synchronous: merging, re-rendering and gating never
 * touch a model.
 */
export interface Suite<S extends TSchema = TSchema> {
  /** kebab-case: the key in the run file and in measures. */
  name: string;
  title: string;
  /** One paragraph for the report: what is measured and how to read it. Plain text. */
  description: string;
  /**
   * Options in the run file: a TypeBox object schema, with defaults and descriptions; or what makes it, where options
   * name attacks, norms or scores, which a plug-in may add to.
   */
  options: S | ((catalogue: Catalogue) => S);
  /** A system that lacks one of these is reported as not applicable, with the reason. */
  needs: readonly Capability[];
  /** Every name that its measures can have: a gate on another is refused before anything is measured. */
  measures?: readonly string[];
  /**
   * What its sheets say of an example depends on that example alone, and not on which others, or which other data sets,
   * were measured: no threshold or temperature is taken from them. Its shares may then decide gates early
   * (`--until-decided`); of other suites all is measured. Default: false.
   */
  examplesApart?: boolean;
  /**
   * Requests of which none reads another are of different things, though their examples have the same numbers, such as chains
   * that start elsewhere: an example that fails in one is left out of that, and of what is an input of the same or reads it.
   * Default: false, it is left out of all requests of the system and data set, whose rows can be looked at side by side.
   */
  requestsApart?: boolean;
  /** It reads sequences of frames. Others are shown a data set of these (`DatasetInfo.sequences`) only where their entry names it. */
  sequences?: true;
  plan(context: SuiteContext, options: Static<S>): Request[];
  summarise(collected: CollectedRows, options: Static<S>, context: SuiteContext): Summary;
}

/** Identity with types: `options` infers the type that `plan` and `summarise` receive. */
export function defineSuite<S extends TSchema>(suite: Suite<S>): Suite<S> {
  return suite;
}

/** A suite by its name, which is loaded when a run names it. */
export interface ListedSuite {
  name: string;
  load(): Promise<Suite>;
}

/** The schema of a suite's options, in a run that can name all this. */
export const optionsOf = <S extends TSchema>(
  { options }: Pick<Suite<S>, 'options'>,
  catalogue: Catalogue,
): S => (typeof options === 'function' ? options(catalogue) : options);

type NoParams = Record<string, never>;

/**
 * A measurement, with types: `columns` gives that of its rows to `measure`, to readers of its rows, and to suites.
 * Parameters, `inputs` and `reference` get theirs where `measure` names them:
 * `measure({ inputs: [clean] }: MeasureContext<[CleanRows]>, params: MyParams)`.
 */
export function defineMeasurement<
  C extends Columns,
  Params = NoParams,
  Inputs extends ReadRows = [],
  Reference extends ReadRows = [],
>({
  columns,
  ...rest
}: Omit<Measurement<Params, RowsIn<C>, Inputs, Reference>, 'columns'> & {
  /** Each by name, or what gives them for a system and parameters. */
  columns: C | ((system: SystemInfo, params: Params, catalogue: Catalogue) => C);
}): Measurement<Params, RowsIn<C>, Inputs, Reference> {
  return { ...rest, columns: typeof columns === 'function' ? columns : () => columns };
}

type RequestsFor<Read extends ReadRows> = {
  readonly [K in keyof Read]: Request<NonNullable<Read[K]>>;
};

/** What `request` takes: parameters, `inputs` and `reference` may be left out where the measurement has none. */
export type RequestOf<Params, R extends Rows, Inputs extends ReadRows, Reference extends ReadRows> = {
  measurement: Measurement<Params, R, Inputs, Reference>;
  system: string;
  dataset: string;
  first?: number | undefined;
} & (NoParams extends Params ? { params?: Params } : { params: Params }) &
  ([] extends Inputs ? { inputs?: RequestsFor<Inputs> } : { inputs: RequestsFor<Inputs> }) &
  ([] extends Reference ? { reference?: RequestsFor<Reference> } : { reference: RequestsFor<Reference> });

/** A request, with its parameters and what it reads checked against its measurement. */
export function request<Params, R extends Rows, Inputs extends ReadRows, Reference extends ReadRows>({
  first,
  ...rest
}: RequestOf<Params, R, Inputs, Reference>): Request<R> {
  return { params: {}, ...rest, ...(first !== undefined && { first }) };
}
