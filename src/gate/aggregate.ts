import { examplesOf } from '../comparison/conditions.js';
import { meanOf } from '../metrics/estimates/intervals.js';
import type { GateResult, Measure } from '../suites/results.js';
import type { Evidence } from './evidence.js';
import { telling } from './pick.js';
import type { Quantity } from './quantity.js';

export type How = NonNullable<GateResult['aggregate']>['how'];

/** Several quantities as one; `all` is left to the verdicts. */
export function aggregated(how: Exclude<How, 'all'>, quantities: readonly Quantity[]): Quantity {
  const first = quantities[0]!;
  const { over: _, p: __, test: ___, run: ____, ...rest } = first;
  const n = Math.min(...quantities.map((q) => q.n));
  if (how === 'mean') {
    const { value, interval, level, method } = meanOf(quantities.map((q) => q.value));
    return { ...rest, n, value, interval, level: interval && level, method: interval && method };
  }
  const sign = how === 'min' ? 1 : -1;
  const extreme = [...quantities].sort((a, b) => sign * (a.value - b.value))[0]!;
  return { ...extreme, n };
}

/** What a verdict says of those that it was made from. */
export const partsOf = (how: How, quantities: readonly Quantity[]): GateResult['aggregate'] => ({
  how,
  of: quantities.map(({ run, measure, value, n }) => ({
    ...(run !== undefined && { run }),
    model: measure.model,
    value,
    n,
  })),
});

/** Why measures are none of one kind: they may differ in their model only, and rest on the same data. */
export function mixture(measures: readonly Measure[], runs: readonly Evidence[]): string | undefined {
  const others = telling(measures).filter(({ key }) => key !== 'model');
  if (others.length > 0) {
    const choices = others.map(({ key, values }) => `${key} (${values.join(', ')})`).join(', ');
    return `measures that differ in more than the model are not put together: add to \`where\` ${choices}`;
  }
  const { dataset } = measures[0]!;
  const prints = runs.map(({ datasets = [] }) => {
    const info = datasets.find(({ name }) => name === dataset);
    return info && examplesOf(info);
  });
  if (new Set(prints).size === 1) return undefined;
  return `not comparable: the data set "${dataset}" is not the same in all runs`;
}
