import { didYouMean } from '../errors.js';
import { literalPattern } from '../pattern.js';
import type { Measure } from '../suites/results.js';
import type { GateRule } from './rule.js';

export type Defined = Measure & { value: number };
type Where = NonNullable<GateRule['where']>;

/** The measures that a rule means, one at least, or why there is none. */
export function matching(
  { measure = '', suite }: GateRule,
  where: Where,
  measures: readonly Measure[],
): Measure[] | string {
  const named = measures.filter((m) => m.measure === measure && (suite === undefined || m.suite === suite));
  if (named.length === 0) {
    const known = [...new Set(measures.map((m) => m.measure))].sort();
    const guess = didYouMean(measure, known);
    const hint = guess ? `did you mean "${guess}"?` : `there are: ${known.join(', ') || 'none at all'}`;
    return `no measure "${measure}"${suite === undefined ? '' : ` in the suite "${suite}"`}; ${hint}`;
  }
  let left = named;
  for (const [key, value] of Object.entries(where)) {
    const fits = fitting(value);
    const kept = left.filter((m) => key in fieldsOf(m) && fits(String(fieldsOf(m)[key])));
    if (kept.length === 0) return mismatch(measure, key, value, left);
    left = kept;
  }
  return left;
}

/** The one measure that a rule means, or why there is none. */
export function pick(rule: GateRule, where: Where, measures: readonly Measure[]): Defined | string {
  const matches = matching(rule, where, measures);
  if (typeof matches === 'string') return matches;
  return matches.length > 1 ? ambiguous(matches) : defined(matches[0]!);
}

const isDefined = (measure: Measure): measure is Defined => measure.value !== null;

/** The measure, or why it has no value. */
export function defined(measure: Measure): Defined | string {
  if (isDefined(measure)) return measure;
  const { note, model, dataset, n } = measure;
  return `${measure.measure} of ${model} on ${dataset} (n = ${n}) is undefined${note ? `: ${note}` : ''}`;
}

/** Whether a name is the one that is meant, in which `*` stands for any characters. */
export function fitting(meant: Where[string]): (name: string) => boolean {
  const text = String(meant);
  if (!text.includes('*')) return (name) => name === text;
  const pattern = new RegExp(`^${text.split('*').map(literalPattern).join('.*')}$`, 's');
  return (name) => pattern.test(name);
}

/** Everything `where` can match on. */
export const fieldsOf = (m: Measure): Record<string, Where[string]> => ({
  ...m.params,
  suite: m.suite,
  model: m.model,
  dataset: m.dataset,
});

/** What tells measures apart, each with its values. */
export function telling(measures: readonly Measure[]): { key: string; values: string[] }[] {
  const keys = [...new Set(measures.flatMap((m) => Object.keys(fieldsOf(m))))];
  return keys
    .map((key) => ({ key, values: valuesOf(key, measures) }))
    .filter(({ values }) => values.length > 1);
}

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

/** Why several measures are no answer. */
export function ambiguous(matches: readonly Measure[]): string {
  const choices = telling(matches)
    .map(({ key, values }) => `${key} (${values.join(', ')})`)
    .join(', ');
  return `${matches.length} measures are called "${matches[0]!.measure}": add to \`where\` ${choices || 'what tells them apart'}`;
}
