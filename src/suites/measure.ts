import type { Estimate } from '../metrics/estimates/estimate.js';
import type { LineFigure, Measure, TableEstimate } from './results.js';

/** Everything about a measure but its number. `rows.sheet` is the name of a sheet that the suite gives. */
export type MeasureDescription = Omit<Measure, 'value' | 'n' | 'interval' | 'level' | 'method' | 'params'> & {
  params?: Measure['params'];
};

/** What measures and cells were made from: those of one estimate are the same number, and equal numbers need not be. */
const estimates = new WeakMap<object, Estimate>();

function madeFrom<T extends object>(estimate: Estimate, made: T): T {
  estimates.set(made, estimate);
  return made;
}

/** The estimate that a measure or a cell was made from; undefined for copies, and for what was written by hand. */
export const estimateOf = (made: object): Estimate | undefined => estimates.get(made);

/**
 * A measure from an estimate. An undefined value (NaN, infinite) becomes null and says why: `about.note`, or that
 * there were no examples. So does a value without an interval, where the estimate knows.
 */
export function measure(about: MeasureDescription, estimate: Estimate): Measure {
  const { value, n, interval, level, method } = estimate;
  const defined = Number.isFinite(value);
  const undefinedFor = n === 0 ? 'no examples' : 'not defined on these examples';
  const note = defined
    ? [about.note, estimate.why].filter(Boolean).join('; ') || undefined
    : (about.note ?? undefinedFor);
  const { rows, ...rest } = about;
  return madeFrom(estimate, {
    ...rest,
    params: about.params ?? {},
    value: defined ? value : null,
    n,
    interval: defined ? interval : null,
    level,
    method,
    ...(note !== undefined && { note }),
    // What is not defined cannot be made from rows again.
    ...(defined && rows && { rows }),
  });
}

/** How a table shows an estimate. */
export interface CellOptions {
  /** A few characters behind the value. */
  mark?: string;
  /** Without its interval. */
  bare?: boolean;
  /** In a column of another unit: 100 for shares in points. Default: 1. */
  times?: number;
}

/**
 * An estimate as a table cell. In a report it leads to the rows of the measure that was made from the same estimate: the
 * same object, not an equal one.
 */
export function cell(estimate: Estimate, { mark, bare, times = 1 }: CellOptions = {}): TableEstimate {
  const { value, interval } = estimate;
  const scaled: TableEstimate['interval'] = interval && [times * interval[0], times * interval[1]];
  return madeFrom(estimate, {
    value: Number.isFinite(value) ? times * value : null,
    ...(Number.isFinite(value) && !bare && { interval: scaled }),
    ...(mark !== undefined && { mark }),
  });
}

/** An estimate as a point of a line, with its interval where it has one. Values that are not finite are the caller's to leave out. */
export const point = (
  x: number,
  { value: y, interval }: Pick<Estimate, 'value' | 'interval'>,
): LineFigure['series'][number]['points'][number] => ({
  x,
  y,
  ...(interval && { lo: interval[0], hi: interval[1] }),
});
