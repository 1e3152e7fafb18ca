import { didYouMean } from '../errors.js';
import type { GateResult, Measure, Results } from '../suites/results.js';
import { type GateRule, type Limit, limits } from './rule.js';

/**
 * Judges every limit of every rule on measures. A measure that is missing, undefined or not singled out fails the
 * rule, and the detail says what there is instead. A bound is met by equality (up to float64 rounding of
 * differences). Partial results pass no gate: what is missing might have failed it.
 */
export function evaluateGates(
  rules: readonly GateRule[],
  measures: readonly Measure[],
  status: Results['status'] = 'complete',
): GateResult[] {
  const verdicts = rules.flatMap((rule) =>
    limits.filter(({ key }) => rule[key] !== undefined).map((limit) => judge(rule, limit, measures)),
  );
  if (status === 'complete') return verdicts;
  return verdicts.map((verdict) => ({
    ...verdict,
    passed: false,
    detail: `the results are partial; so far ${verdict.detail}`,
  }));
}

function judge(rule: GateRule, limit: Limit, measures: readonly Measure[]): GateResult {
  const bound = rule[limit.key] ?? 0;
  const result = (passed: boolean, measured: number | null, detail: string): GateResult => ({
    rule: inWords(rule, limit),
    passed,
    measured,
    limit: bound,
    detail,
  });
  const found = pick(rule, rule.where ?? {}, measures);
  if (typeof found === 'string') return result(false, null, found);
  if (!limit.relative) {
    const passed = limit.holds(found.value, bound);
    return result(
      passed,
      found.value,
      `${about(found)}${passed ? '' : `, ${limit.words} ${bound} is wanted`}`,
    );
  }
  const other = pick(rule, { ...rule.where, model: rule.over ?? '' }, measures);
  if (typeof other === 'string') return result(false, null, `nothing to compare with: ${other}`);
  // 0.03 - 0.02 is 0.009999999999999998: limits are written in decimals, so differences are rounded to 12 places.
  const rise = Number((found.value - other.value).toFixed(12));
  const passed = limit.holds(rise, bound);
  return result(passed, rise, `${shown(found.value)} against ${shown(other.value)} of ${rule.over}`);
}

type Defined = Measure & { value: number };

/** The one measure meant, or why there is none. */
function pick(
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
  for (const [key, wanted] of Object.entries(where)) {
    const matching = left.filter((m) => String(fieldsOf(m)[key]) === String(wanted));
    if (matching.length === 0) return mismatch(measure, key, wanted, left);
    left = matching;
  }
  if (left.length > 1) return ambiguous(measure, left);
  const [{ value, note }] = left;
  if (value === null) return `${about(left[0])} is undefined${note ? `: ${note}` : ''}`;
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

function mismatch(measure: string, key: string, wanted: unknown, left: readonly Measure[]): string {
  const values = valuesOf(key, left);
  if (values.length === 0) {
    const keys = [...new Set(left.flatMap((m) => Object.keys(fieldsOf(m))))];
    return `"${measure}" has no parameter "${key}"; it has ${keys.join(', ')}`;
  }
  return `no "${measure}" with ${key} ${String(wanted)}; there are ${values.join(', ')}`;
}

function ambiguous(measure: string, left: readonly Measure[]): string {
  const keys = [...new Set(left.flatMap((m) => Object.keys(fieldsOf(m))))];
  const telling = keys
    .map((key) => ({ key, values: valuesOf(key, left) }))
    .filter(({ values }) => values.length > 1);
  const choices = telling.map(({ key, values }) => `${key} (${values.join(', ')})`).join(', ');
  return `${left.length} measures are called "${measure}": add to \`where\` ${choices || 'what tells them apart'}`;
}

const shown = (value: number, digits = 6): string => String(Number(value.toPrecision(digits)));

function about(m: Measure): string {
  const value = m.value === null ? '' : ` ${shown(m.value)}`;
  const interval = m.interval ? ` [${m.interval.map((bound) => shown(bound, 3)).join(', ')}]` : '';
  return `${m.measure}${value}${interval} of ${m.model} on ${m.dataset}, n = ${m.n}`;
}

/** `robust-accuracy (model jem, epsilon 8/255) at least 0.35` */
function inWords({ measure, suite, where = {}, over, ...bounds }: GateRule, limit: Limit): string {
  const conditions = Object.entries({ ...(suite !== undefined && { suite }), ...where });
  const which = conditions.length > 0 ? ` (${conditions.map(([k, v]) => `${k} ${v}`).join(', ')})` : '';
  const bound = bounds[limit.key] ?? 0;
  if (!limit.relative) return `${measure}${which} ${limit.words} ${bound}`;
  const change = limit.key === 'maxIncrease' ? 'above' : 'below';
  return `${measure}${which} at most ${bound} ${change} ${over}`;
}
