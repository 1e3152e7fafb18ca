import type { GateResult } from '../suites/results.js';
import type { Evidence } from './evidence.js';
import { isRelative, type Limit } from './limits.js';
import { type Defined, matching, pick } from './pick.js';
import { type GateRule, overOf } from './rule.js';

/** A number that a limit judges: a measure, how many examples it rests on, or its difference to another. */
export interface Quantity
  extends Pick<GateResult, 'interval' | 'level' | 'method' | 'format' | 'over' | 'p' | 'test'> {
  measure: Defined;
  value: number;
  n: number;
  run?: string | undefined;
}

/** A quantity that there is not, and why. */
export interface Missing {
  measure: Defined;
  missing: string;
  over?: GateResult['over'];
  run?: string | undefined;
}

/** What a limit judges of a measure. */
export async function quantityOf(
  rule: GateRule,
  limit: Limit,
  measure: Defined,
  evidence: Evidence,
): Promise<Quantity | Missing> {
  const { value, n, interval, level, method, format } = measure;
  const { run } = evidence;
  if (limit.of === 'examples')
    return { measure, run, value: n, n, interval: null, level: null, method: null, format: 'number' };
  if (!isRelative(limit)) return { measure, run, value, n, interval, level, method, format };
  return difference(rule, limit, measure, evidence);
}

async function difference(
  rule: GateRule,
  limit: Limit,
  measure: Defined,
  evidence: Evidence,
): Promise<Quantity | Missing> {
  const { run } = evidence;
  const { model = measure.model, blessed } = overOf(rule) ?? { blessed: false };
  const about = blessed && evidence.blessed ? { blessed: evidence.blessed.about } : {};
  const missing = (why: string, value: number | null = null): Missing => ({
    measure,
    run,
    missing: why,
    over: { model, value, ...about },
  });
  if (blessed && !evidence.blessed)
    return missing('nothing to compare with: give a baseline, `--baseline DIR`; `assay bless` makes one');
  const measures = blessed ? (evidence.blessed?.measures ?? []) : evidence.measures;
  const other = counterpart(rule, measure, model, measures);
  if (typeof other === 'string')
    return missing(`nothing to compare with${blessed ? ' in the baseline' : ''}: ${other}`);
  if (other.of !== undefined)
    return missing(`measuring ${model} stopped at ${other.n} of ${other.of} examples`, other.value);
  const odd = blessed ? evidence.blessed?.incomparable(measure, other) : undefined;
  if (odd !== undefined) return missing(`not comparable: ${odd}`, other.value);
  const over = { model, value: other.value, ...about };
  const common = { measure, run, over };
  const rise = rounded(measure.value - other.value);
  const plain = { ...common, value: rise, n: measure.n, interval: null, level: null, method: null };
  if (limit.of === 'relative difference') {
    if (other.value === 0) return missing(`${model} has 0: no difference is a share of it`, 0);
    return { ...plain, value: rounded(rise / Math.abs(other.value)), format: 'percent' };
  }
  const paired = await evidence.differenceOf?.(measure, other, blessed ? 'blessed' : 'run');
  if (paired === undefined || typeof paired === 'string') {
    if (limit.by !== 'value' || rule.confidently)
      return missing(`no paired difference: ${paired ?? 'the examples are not at hand'}`, other.value);
    return { ...plain, format: measure.format };
  }
  const { n, interval, level, method, p, test } = paired;
  return {
    ...common,
    value: rounded(paired.value),
    n,
    interval,
    level,
    method,
    p,
    test,
    format: measure.format,
  };
}

/** The same measure of another model. Where the rule leaves several, the one with the parameters of the first. */
function counterpart(
  rule: GateRule,
  measure: Defined,
  model: string,
  measures: Evidence['measures'],
): Defined | string {
  const { suite, dataset, params } = measure;
  const matches = matching({ ...rule, suite }, { dataset, model }, measures);
  if (typeof matches === 'string') return pick(rule, { ...rule.where, model }, measures);
  const exact = matches.filter((other) => same(other.params, params));
  if (exact.length === 1) return pick(rule, {}, exact);
  return pick(rule, { ...rule.where, model, dataset }, matches);
}

const same = (a: Defined['params'], b: Defined['params']) => {
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return keys.every((key) => String(a[key]) === String(b[key]));
};

/** 0.03 - 0.02 is 0.009999999999999998: limits are written in decimals, so differences are rounded to 12 places. */
export const rounded = (difference: number): number => Number(difference.toFixed(12)) + 0;
