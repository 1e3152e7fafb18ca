import type { Better } from '../suites/results.js';
import type { GateRule } from './rule.js';

/** A limit that a rule may set, and how it judges. */
export interface Limit {
  key:
    | 'min'
    | 'max'
    | 'minN'
    | 'maxIncrease'
    | 'maxDecrease'
    | 'maxRelativeIncrease'
    | 'maxRelativeDecrease'
    | 'notWorse'
    | 'notWorseBy';
  /** What is judged: the measure, how many examples it rests on, or the difference to what `over` names. */
  of: 'value' | 'examples' | 'difference' | 'relative difference';
  /** By what: the number itself, or always the end of its interval, or the p value of the paired test. */
  by: 'value' | 'interval' | 'p';
  /** How the judged number must stand to the bound; what is worse may depend on the measure. */
  op(better: Better): '>=' | '<=';
  /** The bound, from the number in the rule. */
  bound(limit: number, better: Better): number;
  /** `at least 0.9`: what must hold, from the number in the rule and the name of the other. */
  words(limit: number, other: string): string;
}

/** Above this p value a difference may be chance. */
export const ALPHA = 0.05;

const itself = (limit: number) => limit;
const negated = (limit: number) => 0 - limit;
const atLeast = () => '>=' as const;
const atMost = () => '<=' as const;
const percent = (share: number) => `${Number((100 * share).toPrecision(12))} %`;

export const limits: readonly Limit[] = [
  { key: 'min', of: 'value', by: 'value', op: atLeast, bound: itself, words: (x) => `at least ${x}` },
  { key: 'max', of: 'value', by: 'value', op: atMost, bound: itself, words: (x) => `at most ${x}` },
  {
    key: 'minN',
    of: 'examples',
    by: 'value',
    op: atLeast,
    bound: itself,
    words: (n) => `of at least ${n} examples`,
  },
  {
    key: 'maxIncrease',
    of: 'difference',
    by: 'value',
    op: atMost,
    bound: itself,
    words: (x, other) => `at most ${x} above ${other}`,
  },
  {
    key: 'maxDecrease',
    of: 'difference',
    by: 'value',
    op: atLeast,
    bound: negated,
    words: (x, other) => `at most ${x} below ${other}`,
  },
  {
    key: 'maxRelativeIncrease',
    of: 'relative difference',
    by: 'value',
    op: atMost,
    bound: itself,
    words: (x, other) => `at most ${percent(x)} above ${other}`,
  },
  {
    key: 'maxRelativeDecrease',
    of: 'relative difference',
    by: 'value',
    op: atLeast,
    bound: negated,
    words: (x, other) => `at most ${percent(x)} below ${other}`,
  },
  {
    key: 'notWorse',
    of: 'difference',
    by: 'p',
    op: atLeast,
    bound: () => ALPHA,
    words: (_, other) => `not significantly worse than ${other}`,
  },
  {
    key: 'notWorseBy',
    of: 'difference',
    by: 'interval',
    op: (better) => (better === 'lower' ? '<=' : '>='),
    bound: (m, better) => (better === 'lower' ? m : 0 - m),
    words: (m, other) => `shown not worse than ${other} by more than ${m}`,
  },
];

/** The limits that a rule sets. */
export const limitsOf = (rule: GateRule): Limit[] => limits.filter(({ key }) => rule[key] !== undefined);

/** The number that a rule gives for a limit; `notWorse` has a word in its place. */
export const numberOf = (rule: GateRule, { key }: Limit): number => {
  const given = rule[key];
  return typeof given === 'number' ? given : 0;
};

export const isRelative = ({ of }: Limit): boolean => of === 'difference' || of === 'relative difference';
