import type { GateResult, Measure, Results } from '../suites/results.js';
import { pick } from './pick.js';
import { type GateRule, type Limit, limits } from './rule.js';

/**
 * Judges every limit of every rule on measures. A rule holds when its margin, rounded to 12 decimals, is not negative:
 * a bound is met by equality. A measure that is missing, undefined or not singled out fails the rule, and the reason
 * says what there is instead. Partial results pass no gate: what is missing might have failed it.
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
  return verdicts.map(({ reason, ...verdict }) => ({
    ...verdict,
    margin: null,
    passed: false,
    reason: `the results are partial${reason === null ? '' : `; so far ${reason}`}`,
  }));
}

function judge(rule: GateRule, limit: Limit, measures: readonly Measure[]): GateResult {
  const { op } = limit;
  const bound = limit.bound(rule[limit.key] ?? 0);
  const verdict = { rule: inWords(rule, limit), op, limit: bound };
  const judged = pick(rule, rule.where ?? {}, measures);
  if (typeof judged === 'string') return { ...verdict, ...nothing(rule), ...missed(judged) };
  const { value, n, interval, level, method } = judged;
  const about = { ...verdict, ...identityOf(judged), n };
  if (!limit.relative) return { ...about, value, interval, level, method, ...standing(value, limit, bound) };

  const none = { interval: null, level: null, method: null };
  const model = rule.over ?? '';
  const other = pick(rule, { ...rule.where, model }, measures);
  if (typeof other === 'string')
    return {
      ...about,
      ...none,
      over: { model, value: null },
      ...missed(`nothing to compare with: ${other}`),
    };
  const rise = rounded(value - other.value);
  const { reason, ...stands } = standing(rise, limit, bound);
  return {
    ...about,
    ...none,
    over: { model, value: other.value },
    value: rise,
    ...stands,
    reason: reason && `${reason}: ${shown(value)} against ${shown(other.value)} of ${model}`,
  };
}

/** 0.03 - 0.02 is 0.009999999999999998: limits are written in decimals, so differences are rounded to 12 places. */
const rounded = (difference: number): number => Number(difference.toFixed(12)) + 0;

const shown = (value: number): string => String(Number(value.toPrecision(6)));

function standing(value: number, { op, relative }: Limit, bound: number) {
  const margin = rounded(op === '>=' ? value - bound : bound - value);
  const passed = margin >= 0;
  const what = relative ? 'difference' : 'value';
  const reason = passed ? null : `the ${what} is ${op === '>=' ? 'below' : 'above'} the limit`;
  return { margin, passed, reason };
}

const missed = (reason: string) => ({ value: null, margin: null, passed: false, reason });

const identityOf = ({ suite, measure, model, dataset, params, format }: Measure) => ({
  suite,
  measure,
  model,
  dataset,
  params,
  format,
});

/** What is known of a measure that was not found: what the rule says. */
const nothing = ({ suite, measure, where = {} }: GateRule) => ({
  suite: suite ?? null,
  measure,
  model: where.model === undefined ? null : String(where.model),
  dataset: where.dataset === undefined ? null : String(where.dataset),
  params: {},
  format: 'number' as const,
  n: null,
  interval: null,
  level: null,
  method: null,
});

/** `robust-accuracy (model jem, epsilon 8/255) at least 0.35` */
function inWords({ measure, suite, where = {}, over, ...bounds }: GateRule, limit: Limit): string {
  const conditions = Object.entries({ ...(suite !== undefined && { suite }), ...where });
  const which = conditions.length > 0 ? ` (${conditions.map(([k, v]) => `${k} ${v}`).join(', ')})` : '';
  const rule = `${measure}${which} ${limit.words} ${bounds[limit.key] ?? 0}`;
  if (!limit.relative) return rule;
  return `${rule} ${limit.op === '<=' ? 'above' : 'below'} ${over}`;
}
