import type { TObject } from '../config/type.js';
import type { DatasetInfo } from '../data/dataset.js';
import { AssayError } from '../errors.js';
import type { GraphBuilder } from '../graph/build.js';
import { checkLogits, type Logits } from '../metrics/softmax.js';
import type { Capability } from '../models/system.js';
import type { Probe } from './probe.js';

/** What scores are computed from; an array is absent when the system does not offer it. */
export interface ScoreInputs {
  n: number;
  /** (n, classes) */
  logits?: Logits;
  /** (n) log p(x) up to a constant. */
  logPx?: ArrayLike<number>;
  /** (n) ||d log p(x) / dx||_2, x in the units of the model's own input. */
  logPxGradientNorm?: ArrayLike<number>;
  features?: Features;
  lastLayer?: LastLayer;
  /** What its probe found, by name: (n, as many as it finds). */
  probed?: Readonly<Record<string, ArrayLike<number>>>;
  /** What the score was fitted to. */
  statistics?: Statistics;
}

/** Penultimate features of some examples: (n, width), row-major. */
export interface Features {
  n: number;
  width: number;
  data: ArrayLike<number>;
}

/** The last linear layer: logits = W features + b. */
export interface LastLayer {
  /** W (classes, width), row-major. */
  weight: ArrayLike<number>;
  /** b (classes) */
  bias: ArrayLike<number>;
}

/** Numbers that a score is fitted to, by name, in the shapes that its `fit` declares. */
export type Statistics = Readonly<Record<string, Float64Array | Float32Array>>;

/** Some examples that a score is fitted to: of what the score needs, what images say. */
export interface FitPart {
  features?: Features;
  /** (n, classes) */
  logits?: Logits;
  /** (n) */
  logPx?: ArrayLike<number>;
  /** What the score's probe found. */
  probed?: Readonly<Record<string, ArrayLike<number>>>;
  /** (n); empty where the row says `unlabelled` and the set has none. */
  labels: Int32Array;
}

/** How a score is fitted to images before it is computed. */
export interface Fit<Options = ScoreOptions> {
  /** Of which data set: the first of these that the run has, with labels. */
  role: FitRole | readonly FitRole[];
  /** It reads no labels: the set needs none. */
  unlabelled?: true;
  /** Names of the options that its statistics depend on. Default: all. */
  options?: readonly string[];
  /** What it reads of the images, where that is less than the score needs. */
  needs?: readonly Capability[];
  /** Shapes of the statistics; numbers that are float32 in the first place, and many, may be kept as such. */
  shapes(
    of: FitSize,
    options: Options,
  ): Readonly<Record<string, readonly number[] | { readonly float32: readonly number[] }>>;
  /**
   * How many of the images it keeps, where it has to keep images at all: memory and time grow with them.
   * Fewer than there are is said in reports.
   */
  keeps?(images: number, options: Options): number;
  /**
   * Whether its statistic `bank` is the features of all the images, in their order: it is then read where features are stored,
   * and not stored once more.
   */
  banksAll?(images: number, options: Options): boolean;
  /**
   * Reads all examples, part by part, in their order; each time that it begins, from the start.
   * Errors: `data-invalid` for examples that do not suffice.
   */
  statistics(parts: AsyncIterable<FitPart>, of: FitSite, options: Options): Promise<Statistics>;
}

export type FitRole = Extract<DatasetInfo['role'], 'train' | 'validation'>;

/** What the shapes of statistics depend on. */
export interface FitSize {
  /** Features of one image; 0 where the system has none. */
  width: number;
  classes: number;
  /** In the data set; examples that fail are not among the parts. */
  images: number;
}

/** What a score is fitted with besides images. */
export interface FitSite extends FitSize {
  lastLayer?: LastLayer;
  /** The run's, for what is drawn. */
  seed: number;
  /** Raised when the user interrupts, for what takes long without reading images. */
  signal?: AbortSignal;
}

/** Options of a score by name, with defaults filled in. */
export type ScoreOptions = Readonly<Record<string, unknown>>;

/**
 * A score as attackers climb it: a function of the logits and of log p(x) that orders images alike, has a gradient
 * and does not saturate. `top` is the logit of the class that the score is of: the largest, or the largest wrong one
 * where a mistake is to be taken for familiar.
 */
export interface Climbed {
  needs: readonly ('logits' | 'logPx')[];
  /** Fewest classes for which it is defined. */
  classes: number;
  /** What it makes of the score itself; nothing where it is the score. */
  of?: (score: number) => number;
  /** A user may choose to lower it for a mistake: driven off the density, an image may be misclassified as well. */
  chosen?: boolean;
  /** At one image, in double precision. */
  value(at: { logits: ArrayLike<number>; logPx: number; top(): number }): number;
  /** Emits it on a graph, (n), from the names of logits (n, classes), log p(x) (n) and top (n). */
  emit(site: { b: GraphBuilder; logits: string; logPx: string; top(): string }): string;
}

/** A confidence that an image is in-distribution: higher means more so. */
export interface Score<Options = ScoreOptions> {
  id: string;
  title: string;
  /** As an axis label. */
  label: string;
  source: string;
  needs: readonly Capability[];
  /** Schema, with published defaults. Absent: it has none. */
  options?: TObject;
  /** Settings that `tune` chooses among, beside the defaults: what the literature tries where it says. */
  grid?: readonly Partial<Options>[];
  fit?: Fit<Options>;
  /** Asks the system more than what it says of images as they are. */
  probe?: Probe<Options>;
  /** What it is computed from beside what its probe found, where that is less than it needs. */
  reads?: readonly Capability[];
  /** It moves when a function of x is added to all logits, which training by cross-entropy does not see. */
  shifts?: boolean;
  /** (n) */
  compute(inputs: ScoreInputs, options: Options): Float64Array;
  /** (n) How far each of these values may be off, since networks compute in float32. */
  rounding(inputs: ScoreInputs, values: Float64Array, options: Options): Float64Array;
  /** Absent where no attacker can follow it. */
  climbed?: Climbed;
}

/** An input that the suite must have provided, since `needs` said so. */
export function required<T>(input: T | undefined, what: string): T {
  if (input === undefined) {
    throw new AssayError('suite-failed', `a score was asked for without its ${what}`, {
      hint: 'request only scores whose `needs` the system offers',
    });
  }
  return input;
}

type Named<N extends string, T> = Readonly<Record<N, T>>;

function named<N extends string, T>(
  arrays: Readonly<Record<string, T>> | undefined,
  names: readonly N[],
  what: string,
): Named<N, T> {
  const all = required(arrays, what);
  return Object.fromEntries(names.map((name) => [name, required(all[name], `${what}: ${name}`)])) as Named<
    N,
    T
  >;
}

/** What the score was fitted to, by these names: they are among its `shapes`. */
export const statisticsOf = <N extends string>({ statistics }: ScoreInputs, ...names: readonly N[]) =>
  named(statistics, names, 'statistics');

/** What its probe found, by these names. */
export const probedOf = <N extends string>({ probed }: Pick<ScoreInputs, 'probed'>, ...names: readonly N[]) =>
  named(probed, names, 'probed numbers');

/** The features, finite throughout, (n, width). */
export function featuresOf({ features }: Pick<ScoreInputs, 'features'>): Features {
  const present = required(features, 'features');
  const { n, width, data } = present;
  if (data.length !== n * width || width < 1)
    throw new AssayError('shape-mismatch', 'the features do not have one row per example', {
      expected: `${n} x ${width} numbers, at least one a row`,
      found: `${data.length}`,
    });
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue;
    throw new AssayError('data-invalid', 'a feature is not finite', {
      path: `example ${Math.floor(i / width)}, feature ${i % width}`,
      found: String(data[i]),
      hint: 'check the input range and the weights of the model',
    });
  }
  return present;
}

/** The logits, finite throughout: a NaN would be passed over silently by comparisons. */
export function logitsOf({ logits }: Pick<ScoreInputs, 'logits'>): Logits {
  const present = required(logits, 'logits');
  checkLogits(present);
  return present;
}
