import type { Estimate } from '../metrics/estimate.js';
import type { Measure } from './results.js';

/** Everything about a measure but its number. `rows.sheet` is the name of a sheet that the suite gives. */
export type MeasureDescription = Omit<Measure, 'value' | 'n' | 'interval' | 'level' | 'method' | 'params'> & {
  params?: Measure['params'];
};

/**
 * A measure from an estimate. An undefined value (NaN, infinite) becomes null and says why: `about.note`, or that
 * there were no examples.
 */
export function measure(about: MeasureDescription, estimate: Estimate): Measure {
  const { value, n, interval, level, method } = estimate;
  const defined = Number.isFinite(value);
  const note =
    about.note ?? (defined ? undefined : n === 0 ? 'no examples' : 'not defined on these examples');
  const { rows, ...rest } = about;
  return {
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
  };
}

/** An estimate as a table cell. */
export function cell({ value, interval }: Estimate): {
  value: number | null;
  interval?: [number, number] | null;
} {
  return Number.isFinite(value) ? { value, interval } : { value: null };
}
