import { type Static, Type } from '@sinclair/typebox';
import { AssayError } from '../errors.js';

/** A rule over one measure. */
export const GateRule = Type.Object(
  {
    measure: Type.String({ minLength: 1, description: 'the measure, such as robust-accuracy or ece' }),
    suite: Type.Optional(Type.String({ description: 'only measures of this suite' })),
    where: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]), {
        description:
          'what selects one measure: model, dataset, or a parameter as it is written, such as epsilon: 8/255',
      }),
    ),
    min: Type.Optional(Type.Number({ description: 'the value may not be smaller' })),
    max: Type.Optional(Type.Number({ description: 'the value may not be larger' })),
    maxIncrease: Type.Optional(
      Type.Number({ description: 'the value may exceed that of the model named by `over` by at most this' }),
    ),
    maxDecrease: Type.Optional(
      Type.Number({
        description: 'the value may fall short of that of the model named by `over` by at most this',
      }),
    ),
    over: Type.Optional(Type.String({ description: 'the model to compare with' })),
  },
  { additionalProperties: false },
);
export type GateRule = Static<typeof GateRule>;

/** Whatever holds gates: a file of them, a run file, the configuration in results.json. Other keys are left alone. */
export const GateRules = Type.Object(
  { gates: Type.Array(GateRule, { description: 'a list of rules' }) },
  { additionalProperties: true },
);

/** The limits a rule may set, and how each judges. */
export interface Limit {
  key: 'min' | 'max' | 'maxIncrease' | 'maxDecrease';
  /** Judges the difference to the model named by `over`. */
  relative: boolean;
  /** How the judged value must stand to the bound. */
  op: '>=' | '<=';
  /** The bound, from the number in the rule. */
  bound(limit: number): number;
  /** `at least`, with the number in the rule following. */
  words: string;
}

const itself = (limit: number) => limit;

export const limits: readonly Limit[] = [
  { key: 'min', relative: false, op: '>=', bound: itself, words: 'at least' },
  { key: 'max', relative: false, op: '<=', bound: itself, words: 'at most' },
  { key: 'maxIncrease', relative: true, op: '<=', bound: itself, words: 'at most' },
  { key: 'maxDecrease', relative: true, op: '>=', bound: (limit) => 0 - limit, words: 'at most' },
];

/** Errors: `config-invalid` when there is nothing to judge by: "0 gates passed" says nothing. */
export function refuseNone(rules: readonly GateRule[], file: string): void {
  if (rules.length > 0) return;
  throw new AssayError('config-invalid', 'there are no gates', {
    file,
    path: 'gates',
    expected: 'at least one rule, such as { measure: accuracy, where: { model: NAME }, min: 0.9 }',
    hint: 'give a file that has some with `--gates FILE`, or add `gates` to the run file and run it again',
  });
}

/** Errors: `config-invalid` for a rule without a limit, or with a comparison that lacks a side. */
export function checkRules(rules: readonly GateRule[], file: string, at = 'gates'): void {
  rules.forEach((rule, i) => {
    const refuse = (message: string, hint: string) =>
      new AssayError('config-invalid', message, { file, path: `${at}[${i}]`, hint });
    const set = limits.filter(({ key }) => rule[key] !== undefined);
    if (set.length === 0)
      throw refuse('a gate sets no limit', 'add min, max, or maxIncrease or maxDecrease with `over`');
    const relative = set.some((limit) => limit.relative);
    if (relative && rule.over === undefined)
      throw refuse('a gate compares with nothing', 'add `over`: the name of the model to compare with');
    if (relative && rule.where?.model === undefined)
      throw refuse('a gate compares no model', 'add `where: { model: ... }`: the model that is judged');
    if (relative && rule.where?.model === rule.over)
      throw refuse('a gate compares a model with itself', 'name another model in `over`');
    if (!relative && rule.over !== undefined)
      throw refuse('`over` goes with maxIncrease or maxDecrease', 'add one of them, or drop `over`');
  });
}
