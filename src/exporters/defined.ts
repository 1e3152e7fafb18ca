import { counted, formatParams } from '../report/format.js';
import type { Measure, Results } from '../suites/results.js';

/** A measure that has a value. */
export type Defined = Measure & { value: number };

/** The measures of a system that have a value. */
export const definedOf = ({ measures }: Results, model: string): Defined[] =>
  measures.filter((measure): measure is Defined => measure.model === model && measure.value !== null);

/** What formats of numbers lack room for: measures without one. */
export function undefinedNote({ measures }: Results): string[] {
  const without = measures.filter(({ value }) => value === null);
  if (without.length === 0) return [];
  const first = without[0]!;
  const example = `${first.measure} of ${first.model}: ${first.note ?? 'undefined'}`;
  return [`${counted(without.length, 'measure')} without a value (${example})`];
}

/** What tells a measure of a system from its others: `attack/robust-accuracy/test (epsilon 8/255)`. */
export function idOf({ suite, measure, dataset, params }: Measure): string {
  const told = formatParams(params);
  return `${suite}/${measure}/${dataset}${told ? ` (${told})` : ''}`;
}
