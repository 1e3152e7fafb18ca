import type { BoundSite } from './site.js';

/** The interval of each number of a value: names of two values of a graph, in its shape. */
export interface Interval {
  lower: string;
  upper: string;
}

/** Both ends of each number, or nearly so: numbers may be beyond them by `room`, and by `wobble`. */
export interface Ends extends Interval {
  room?: number;
  /** share (2 upper - of), which is not below 0 with `room`. */
  wobble?: { share: number; of: string };
  /** No end is below it: 0 or less. Default: nothing is known. */
  least?: number;
  /** `upper` is finite only where both ends are that it was made of, if those are of a ball. */
  carries?: true;
}

/**
 * An operator that is affine in what depends on the image: y = L x + c. Its backward step is its row of the gradient
 * table as it is.
 */
export interface AffineRow {
  kind: 'affine';
  op: string;
  /**
   * |L| r for some r >= 0 of each input; undefined for inputs that do not depend on the image.
   * @param factor of Gemm: what all is multiplied by
   */
  magnitude(site: BoundSite, radii: readonly (string | undefined)[], factor?: number): readonly string[];
  /** c, with a batch of one; undefined where it is 0. */
  offset?(site: BoundSite): string | undefined;
  /** c as one number a channel, (C), where it is the same at all places of a channel; undefined where it is 0, or is not so. */
  channelOffset?(site: BoundSite): string | undefined;
  /**
   * The least magnitude, other than 0, and the largest of what it multiplies by; 0 and 0 where these are not known. Undefined: it
   * multiplies by no constants.
   */
  factors?(site: BoundSite): Span;
  /** How large the numbers are that c is added up from; default: |c|. */
  load?(site: BoundSite): string | undefined;
  /** The most numbers that are added up for one of y: what rounding grows with. 0: nothing is computed. */
  terms(site: BoundSite): number;
  /** The same for one of L' A, where it is another number. */
  meeting?(site: BoundSite): number;
  /** Why it is not affine after all. */
  refuses?(site: BoundSite): string | undefined;
}

/** What an engine's float32 may be off by. */
export interface CurveRounding {
  absolute: number;
  /** Relative to the value. */
  relative: number;
  /** Relative to the argument. */
  argument: number;
}

/** Of intervals: float32 from engines, float64 in tests. */
export type EndArray = Float32Array | Float64Array;

/**
 * Two lines between which a function lies on the interval at place i, slope x + intercept, in float64: lower slope and intercept, upper
 * slope and intercept are written to `lines`, which is the same for millions of numbers. Ends are read from their arrays: a number that
 * is handed to a function takes memory.
 */
export type LinesOn = (lowers: EndArray, uppers: EndArray, i: number, lines: Float64Array) => void;

/** Lines as values of a graph, in the shape of the intervals. No slope is larger than 2. */
export interface EmittedLines {
  lowerSlope: string;
  /** None where it is 0: then no slope is below 0, nor an intercept. */
  lowerIntercept?: string;
  upperSlope: string;
  upperIntercept: string;
}

/** A function of each number by itself. */
export interface CurveRow {
  kind: 'curve';
  op: string;
  /** The smallest interval that holds the function on [lower, upper]. */
  interval(site: BoundSite, of: Interval): Interval;
  /**
   * That with room for what float32 may be off by, where it takes less than adding `rounding`; and what its ends leave out of that. Undefined
   * where it does not.
   */
  roundedInterval?(site: BoundSite, of: Interval): Ends | undefined;
  /** No end of an interval, as it is computed, is below that number, 0 or less. */
  least?: number;
  /** The same of one number. */
  image(site: BoundSite): (lower: number, upper: number) => readonly [number, number];
  lines(site: BoundSite): LinesOn;
  /** The same as a graph, on intervals of any one shape. Undefined where that graph would be looser. */
  emitLines?(site: BoundSite, of: Interval): EmittedLines | undefined;
  /** Where the lines are not the function itself, any line through 0 with a slope from the first to the second is below it. */
  lowerSlopes?(site: BoundSite): readonly [number, number];
  /** Whether the lower line goes through 0 on every interval, its slope a number of float32. */
  throughZero?: boolean;
  /** Whether the lines are the function itself on that interval, whatever the interval is within its piece. */
  exactOn?(lower: number, upper: number): boolean;
  /** Whether the function is defined on that interval; default: everywhere. Elsewhere its image is infinite. */
  defined?(lower: number, upper: number): boolean;
  /** At least twice what an engine's float32 is off by: at an end of an interval, and within. */
  rounding(site: BoundSite): CurveRounding;
  /** Why these lines would not hold. */
  refuses?(site: BoundSite): string | undefined;
}

/** The largest number of each window. */
export interface WindowRow {
  kind: 'window';
  op: string;
  refuses?(site: BoundSite): string | undefined;
  interval(site: BoundSite, of: Interval): Interval;
  /** Flat places in one image's input that window `o` of the output looks at. */
  windows(site: BoundSite): readonly Int32Array[];
}

/** The least and the most of a number. */
export type Span = readonly [number, number];

/** slopes x + intercept, of two numbers. */
export interface Plane {
  slopes: readonly [number, number];
  intercept: number;
}

/**
 * Two planes below and two above a function of two numbers on a box, the first of each the better by itself. Any mean of two is such a
 * plane as well.
 */
export interface Planes {
  lower: readonly [Plane, Plane];
  upper: readonly [Plane, Plane];
}

/** A function of each two numbers of two values of one shape. */
export interface ProductRow {
  kind: 'product';
  op: string;
  /** The smallest interval that holds the function. */
  interval(site: BoundSite, one: Interval, other: Interval): Interval;
  /** The same of two numbers. */
  image(one: Span, other: Span): Span;
  /** Planes that hold the function on a box, in float64. */
  planes(one: Span, other: Span): Planes;
  /** As of curves. */
  rounding: CurveRounding;
  refuses?(site: BoundSite): string | undefined;
}

/** How an operator is bounded. */
export type BoundRow = AffineRow | CurveRow | WindowRow | ProductRow;

/** How large what an affine row adds is; undefined where it adds nothing. */
export function loadOf(row: AffineRow, s: BoundSite): string | undefined {
  if (row.load) return row.load(s);
  const offset = row.offset?.(s);
  return offset && s.emit('Abs', offset);
}
