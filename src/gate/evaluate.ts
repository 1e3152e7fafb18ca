import type { GateResult, Measure } from '../suites/results.js';
import { aggregated, mixture, partsOf } from './aggregate.js';
import type { Evidence } from './evidence.js';
import { isRelative, type Limit, limitsOf } from './limits.js';
import { ambiguous, defined, fieldsOf, matching, telling } from './pick.js';
import { type Quantity, quantityOf } from './quantity.js';
import { type GateRule, overOf } from './rule.js';
import { isStopped, stoppedAt, stoppedVerdict } from './stopped-verdict.js';
import { missed, unlessPartial, verdictOf } from './verdict.js';
import { judgeWarnings } from './warnings.js';

/**
 * Judges every limit of every rule on measures. A rule holds when its margin, rounded to 12 decimals, is not negative:
 * a bound is met by equality. A measure that is missing, undefined or not singled out fails the rule, and the reason
 * says what there is instead. Partial results pass no gate: what is missing might have failed it.
 * @param runs one, or several, of which each is judged unless the rule aggregates
 */
export async function evaluateGates(
  rules: readonly GateRule[],
  runs: Evidence | readonly Evidence[],
): Promise<GateResult[]> {
  const all: readonly Evidence[] = 'measures' in runs ? [runs] : runs;
  const verdicts: GateResult[] = [];
  for (const [gate, rule] of rules.entries())
    for (const verdict of await judge(rule, all))
      verdicts.push({ ...verdict, gate, severity: rule.level ?? 'error' });
  return verdicts;
}

async function judge(rule: GateRule, runs: readonly Evidence[]): Promise<GateResult[]> {
  if (rule.noWarnings !== undefined) return runs.map((run) => unlessPartial(judgeWarnings(rule, run), [run]));
  const verdicts: GateResult[] = [];
  for (const limit of limitsOf(rule))
    if (rule.aggregate) verdicts.push(unlessPartial(await judgeTogether(rule, limit, runs), runs));
    else
      for (const run of runs)
        verdicts.push(
          ...(await judgeApart(rule, limit, run)).map((verdict) => unlessPartial(verdict, [run])),
        );
  return verdicts;
}

/** One verdict, or with `each` one for every measure that fits. */
async function judgeApart(rule: GateRule, limit: Limit, run: Evidence): Promise<GateResult[]> {
  const matches = candidates(rule, limit, run);
  if (typeof matches === 'string') return [missed(rule, limit, { missing: matches, run: run.run })];
  if (!rule.each && matches.length > 1)
    return [missed(rule, limit, { missing: ambiguous(matches), run: run.run })];
  const apart = telling(matches).map(({ key }) => key);
  const verdicts: GateResult[] = [];
  for (const measure of matches) {
    const named = rule.each ? singledOut(rule, measure, apart) : rule;
    const value = defined(measure);
    verdicts.push(
      typeof value === 'string'
        ? missed(named, limit, { missing: value, run: run.run })
        : isStopped(value)
          ? stoppedVerdict(named, limit, value, run.run)
          : verdictOf(named, limit, await quantityOf(rule, limit, value, run)),
    );
  }
  return verdicts;
}

/** One verdict on all measures that fit in all runs: those of several seeds. */
async function judgeTogether(rule: GateRule, limit: Limit, runs: readonly Evidence[]): Promise<GateResult> {
  const { aggregate: how = 'all' } = rule;
  const quantities: Quantity[] = [];
  const measures: Measure[] = [];
  for (const evidence of runs) {
    const { run } = evidence;
    const fail = (missing: string) =>
      missed(rule, limit, { missing: run === undefined ? missing : `${run}: ${missing}` });
    const matches = candidates(rule, limit, evidence);
    if (typeof matches === 'string') return fail(matches);
    for (const measure of matches) {
      const value = defined(measure);
      if (typeof value === 'string') return fail(value);
      if (isStopped(value)) return fail(stoppedAt(value));
      const quantity = await quantityOf(rule, limit, value, evidence);
      if ('missing' in quantity) return verdictOf(rule, limit, quantity);
      quantities.push(quantity);
      measures.push(measure);
    }
  }
  const odd = mixture(measures, runs);
  if (odd !== undefined) return missed(rule, limit, { missing: odd });
  const parts = { aggregate: partsOf(how, quantities) };
  // A mean is of no single model where it is over several.
  const several = how === 'mean' && new Set(measures.map(({ model }) => model)).size > 1;
  if (how !== 'all')
    return {
      ...verdictOf(rule, limit, aggregated(how, quantities)),
      ...(several && { model: null }),
      ...parts,
    };
  const verdicts = quantities.map((quantity) => verdictOf(rule, limit, quantity));
  const margin = (verdict: GateResult) => verdict.margin ?? Number.NEGATIVE_INFINITY;
  const worst = verdicts.sort((a, b) => margin(a) - margin(b))[0]!;
  return { ...worst, ...parts };
}

/** The measures that a rule means, in one run. A model is not compared with itself. */
function candidates(rule: GateRule, limit: Limit, { measures }: Evidence): Measure[] | string {
  const matches = matching(rule, rule.where ?? {}, measures);
  const over = isRelative(limit) ? overOf(rule) : undefined;
  if (typeof matches === 'string' || !over || over.blessed) return matches;
  const others = matches.filter(({ model }) => model !== over.model);
  return others.length > 0 ? others : `only ${over.model} itself fits`;
}

/** The rule as it would be written for this measure alone. */
function singledOut(rule: GateRule, measure: Measure, apart: readonly string[]): GateRule {
  const fields = fieldsOf(measure);
  const named = [...new Set([...Object.keys(rule.where ?? {}), ...apart])].filter((key) => key in fields);
  return { ...rule, where: Object.fromEntries(named.map((key) => [key, fields[key]!])) };
}
