import { AssayError } from '../errors.js';
import type { GraphBuilder } from '../graph/build.js';
import { checkLogits, type Logits } from '../metrics/softmax.js';
import type { Capability } from '../models/system.js';

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
  /** What the score was fitted to. */
  statistics?: Statistics;
}

/** Penultimate features of some examples: (n, width), row-major. */
export interface Features {
  n: number;
  width: number;
  data: ArrayLike<number>;
}

/** Numbers that a score is fitted to, by name, in the shapes that its `fit` declares. */
export type Statistics = Readonly<Record<string, Float64Array>>;

/** Some examples that a score is fitted to. */
export interface FitPart {
  features: Features;
  /** (n) */
  labels: Int32Array;
}

/** How a score is fitted to images before it is computed. */
export interface Fit {
  /** Of which labelled data set. */
  role: 'train' | 'validation';
  /** Shapes of the statistics. */
  shapes(of: FitSize): Readonly<Record<string, readonly number[]>>;
  /** Reads all examples once, part by part, in their order. Errors: `data-invalid` for examples that do not suffice. */
  statistics(parts: AsyncIterable<FitPart>, of: FitSize): Promise<Statistics>;
}

/** Features of one image, and classes. */
export interface FitSize {
  width: number;
  classes: number;
}

export interface ScoreOptions {
  /** T of the `energy` score. */
  temperature: number;
}

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
export interface Score {
  id: string;
  title: string;
  /** As an axis label. */
  label: string;
  source: string;
  needs: readonly Capability[];
  fit?: Fit;
  /** It moves when a function of x is added to all logits, which training by cross-entropy does not see. */
  shifts?: boolean;
  /** (n) */
  compute(inputs: ScoreInputs, options: ScoreOptions): Float64Array;
  /** (n) How far each of these values may be off, since networks compute in float32. */
  rounding(inputs: ScoreInputs, values: Float64Array): Float64Array;
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

/** The logits, finite throughout: a NaN would be passed over silently by comparisons. */
export function logitsOf({ logits }: ScoreInputs): Logits {
  const present = required(logits, 'logits');
  checkLogits(present);
  return present;
}
