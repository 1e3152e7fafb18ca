import type { GateResult, Measure } from '../suites/results.js';
import type { Evidence } from './evidence.js';
import { type Limit, numberOf } from './limits.js';
import type { Missing, Quantity } from './quantity.js';
import type { GateRule } from './rule.js';
import { standing } from './standing.js';
import { inWords } from './words.js';

/** A verdict on what a limit judges. */
export function verdictOf(rule: GateRule, limit: Limit, quantity: Quantity | Missing): GateResult {
  if ('missing' in quantity) return missed(rule, limit, quantity);
  const { value, n, interval, level, method, format, over, p, test, run, measure } = quantity;
  const bound = limit.bound(numberOf(rule, limit), measure.better);
  return {
    ...named(rule, limit, run),
    ...identityOf(measure),
    ...(over && { over }),
    ...{ value, n, interval, level, method, format },
    ...(p !== undefined && { p }),
    ...(test !== undefined && { test }),
    ...standing(rule, limit, quantity, bound),
  };
}

/** A verdict without a value: on a measure that was found, or on what the rule says of it. */
export function missed(
  rule: GateRule,
  limit: Limit,
  { missing, measure, over, run }: Omit<Missing, 'measure'> & { measure?: Measure },
): GateResult {
  const { better = 'higher' } = measure ?? {};
  return {
    ...named(rule, limit, run),
    ...(measure ? identityOf(measure) : told(rule)),
    ...(over && { over }),
    value: null,
    op: limit.op(better),
    limit: limit.bound(numberOf(rule, limit), better),
    n: measure?.n ?? null,
    ...{ interval: null, level: null, method: null, margin: null, passed: false, reason: missing },
  };
}

/** The same verdict where all results are complete; otherwise it fails. */
export function unlessPartial(verdict: GateResult, runs: readonly Evidence[]): GateResult {
  if (runs.every(({ status }) => status !== 'partial')) return verdict;
  const { reason } = verdict;
  const told = `the results are partial${reason === null ? '' : `; so far ${reason}`}`;
  return { ...verdict, margin: null, passed: false, reason: told };
}

const named = (rule: GateRule, limit: Limit, run: string | undefined) => ({
  rule: inWords(rule, limit),
  bound: limit.key,
  ...(run !== undefined && { run }),
});

const identityOf = ({ suite, measure, model, dataset, params, format }: Measure) => ({
  suite,
  measure,
  model,
  dataset,
  params,
  format,
});

/** What is known of a measure that was not found: what the rule says. */
const told = ({ suite, measure = '', where = {} }: GateRule) => ({
  suite: suite ?? null,
  measure,
  model: where.model === undefined ? null : String(where.model),
  dataset: where.dataset === undefined ? null : String(where.dataset),
  params: {},
  format: 'number' as const,
});
