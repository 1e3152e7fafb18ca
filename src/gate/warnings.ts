import type { GateResult, Warning } from '../suites/results.js';
import type { Evidence } from './evidence.js';
import { fitting } from './pick.js';
import type { GateRule } from './rule.js';
import { unseenBy } from './stopped-verdict.js';
import { warningsInWords } from './words.js';

const SEVERITIES: readonly string[] = ['note', 'warning', 'serious'];

/** How many messages a verdict repeats. */
const TOLD = 3;

/** Judges a rule on warnings: none may be there that it names. */
export function judgeWarnings(rule: GateRule, { warnings = [], stopped }: Evidence): GateResult {
  const { suite, where = {}, noWarnings = [] } = rule;
  const raised = warnings.filter(
    (warning) => isMeant(warning, noWarnings) && concerns(warning, { ...where, ...(suite && { suite }) }),
  );
  const told = raised
    .slice(0, TOLD)
    .map(({ code, model, message }) => `${code}${model ? ` of ${model}` : ''}: ${message}`);
  const more = raised.length - told.length;
  const unseen = unseenBy(rule, stopped);
  const passed = raised.length === 0 && unseen === undefined;
  return {
    rule: warningsInWords(rule),
    bound: 'noWarnings',
    judges: 'warnings',
    suite: suite ?? null,
    measure: 'warnings',
    model: where.model === undefined ? null : String(where.model),
    dataset: where.dataset === undefined ? null : String(where.dataset),
    params: {},
    value: raised.length,
    op: '<=',
    limit: 0,
    margin: unseen === undefined ? 0 - raised.length + 0 : null,
    n: null,
    interval: null,
    level: null,
    method: null,
    format: 'number',
    passed,
    reason: passed
      ? null
      : [...(unseen ? [unseen] : []), ...told, ...(more > 0 ? [`and ${more} more`] : [])].join('; '),
  };
}

const isMeant = ({ code, severity }: Warning, meant: string | readonly string[]) =>
  typeof meant === 'string'
    ? SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(meant)
    : meant.includes(code);

/** A warning that names no model concerns every one. */
const concerns = (warning: Warning, where: NonNullable<GateRule['where']>) =>
  (['model', 'dataset', 'suite'] as const).every(
    (key) => where[key] === undefined || warning[key] === undefined || fitting(where[key])(warning[key]),
  );
