import { type Limit, limitsOf, numberOf } from './limits.js';
import { type GateRule, overOf } from './rule.js';

/** `robust-accuracy (model jem, epsilon 8/255) at least 0.35` */
export function inWords(rule: GateRule, limit: Limit): string {
  const { measure, confidently, aggregate } = rule;
  const of = aggregate === undefined ? '' : `${aggregate === 'all' ? 'every' : aggregate} `;
  const surely = confidently && limit.by === 'value' && limit.of !== 'examples' ? 'confidently ' : '';
  const what = limit.words(numberOf(rule, limit), otherName(rule));
  return `${of}${measure}${conditions(rule)} ${surely}${what}`;
}

/** All that a rule says. */
export const ruleInWords = (rule: GateRule): string =>
  rule.noWarnings === undefined
    ? limitsOf(rule)
        .map((limit) => inWords(rule, limit))
        .join(', ')
    : warningsInWords(rule);

/** `no serious warning (model jem)`, `no warning zero-gradient or randomized` */
export function warningsInWords(rule: GateRule): string {
  const { noWarnings = [] } = rule;
  const which =
    typeof noWarnings !== 'string'
      ? `warning ${noWarnings.join(' or ')}`
      : noWarnings === 'serious'
        ? 'serious warning'
        : noWarnings === 'warning'
          ? 'warning'
          : 'warning or note';
  return `no ${which}${conditions(rule)}`;
}

/** What a comparison calls the other side. */
export function otherName(rule: GateRule): string {
  const over = overOf(rule);
  if (!over?.blessed) return over?.model ?? '';
  return over.model === undefined ? 'the blessed one' : `the blessed ${over.model}`;
}

function conditions({ suite, where = {} }: GateRule): string {
  const all = Object.entries({ ...(suite !== undefined && { suite }), ...where });
  return all.length > 0 ? ` (${all.map(([key, value]) => `${key} ${value}`).join(', ')})` : '';
}
