import { didYouMean } from '../errors.js';
import type { Measure } from '../suites/results.js';
import type { GateRule } from './rule.js';

type Defined = Measure & { value: number };

/** The one measure that a rule means, or why there is none. */
export function pick(
  { measure, suite }: GateRule,
  where: NonNullable<GateRule['where']>,
  measures: readonly Measure[],
): Defined | string {
  const named = measures.filter((m) => m.measure === measure && (suite === undefined || m.suite === suite));
  if (named.length === 0) {
    const known = [...new Set(measures.map((m) => m.measure))].sort();
    const guess = didYouMean(measure, known);
    const hint = guess ? `did you mean "${guess}"?` : `there are: ${known.join(', ') || 'none at all'}`;
    return `no measure "${measure}"${suite === undefined ? '' : ` in the suite "${suite}"`}; ${hint}`;
  }
  let left = named;
  for (const [key, value] of Object.entries(where)) {
    const matching = left.filter((m) => String(fieldsOf(m)[key]) === String(value));
    if (matching.length === 0) return mismatch(measure, key, value, left);
    left = matching;
  }
  if (left.length > 1) return ambiguous(measure, left);
  const [{ value, note, model, dataset, n }] = left;
  if (value === null)
    return `${measure} of ${model} on ${dataset} (n = ${n}) is undefined${note ? `: ${note}` : ''}`;
  return { ...left[0], value };
}

/** Everything `where` can match on. */
const fieldsOf = (m: Measure): Record<string, unknown> => ({
  ...m.params,
  suite: m.suite,
  model: m.model,
  dataset: m.dataset,
});

function valuesOf(key: string, measures: readonly Measure[]): string[] {
  return [...new Set(measures.map((m) => fieldsOf(m)[key]))].filter((v) => v !== undefined).map(String);
}

function mismatch(measure: string, key: string, value: unknown, left: readonly Measure[]): string {
  const values = valuesOf(key, left);
  if (values.length === 0) {
    const keys = [...new Set(left.flatMap((m) => Object.keys(fieldsOf(m))))];
    return `"${measure}" has no parameter "${key}"; it has ${keys.join(', ')}`;
  }
  return `no "${measure}" with ${key} ${String(value)}; there are ${values.join(', ')}`;
}

function ambiguous(measure: string, left: readonly Measure[]): string {
  const keys = [...new Set(left.flatMap((m) => Object.keys(fieldsOf(m))))];
  const telling = keys
    .map((key) => ({ key, values: valuesOf(key, left) }))
    .filter(({ values }) => values.length > 1);
  const choices = telling.map(({ key, values }) => `${key} (${values.join(', ')})`).join(', ');
  return `${left.length} measures are called "${measure}": add to \`where\` ${choices || 'what tells them apart'}`;
}
