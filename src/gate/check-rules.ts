import { AssayError } from '../errors.js';
import { isRelative, limitsOf } from './limits.js';
import { type GateRule, overOf } from './rule.js';

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

/** What tells warnings apart. */
const WARNING_FIELDS = ['model', 'dataset', 'suite'];

const comparing = (rule: GateRule) => limitsOf(rule).some(isRelative);

/** What is wrong with a rule, and what to do; the first row that fits is told. */
const faults: readonly { wrong(rule: GateRule): boolean; message: string; hint: string }[] = [
  {
    wrong: ({ measure, noWarnings }) => (measure === undefined) === (noWarnings === undefined),
    message: 'a gate judges either a measure or warnings',
    hint: 'give `measure` with a limit, or `noWarnings` alone',
  },
  {
    wrong: (rule) =>
      rule.noWarnings !== undefined &&
      (limitsOf(rule).length > 0 ||
        [rule.over, rule.confidently, rule.each, rule.aggregate].some((x) => x !== undefined)),
    message: 'a gate on warnings has no other limits',
    hint: 'keep `noWarnings`, `suite`, `where` and `level`, and write another rule for the rest',
  },
  {
    wrong: ({ noWarnings, where = {} }) =>
      noWarnings !== undefined && Object.keys(where).some((key) => !WARNING_FIELDS.includes(key)),
    message: 'warnings do not have what `where` asks for',
    hint: `keep ${WARNING_FIELDS.join(', ')} in \`where\``,
  },
  {
    wrong: (rule) => rule.noWarnings === undefined && limitsOf(rule).length === 0,
    message: 'a gate sets no limit',
    hint: 'add min, max, minN, or one of maxIncrease, maxDecrease, notWorse and notWorseBy with `over`',
  },
  {
    wrong: (rule) => comparing(rule) && rule.over === undefined,
    message: 'a gate compares with nothing',
    hint: 'add `over`: the name of the model to compare with, or `blessed` for the baseline',
  },
  {
    wrong: (rule) => comparing(rule) && !overOf(rule)?.blessed && overOf(rule)?.model === undefined,
    message: 'a gate compares with nothing',
    hint: 'add `model` to `over`, or `in: blessed`',
  },
  {
    wrong: (rule) => comparing(rule) && rule.where?.model === undefined && !rule.each && !rule.aggregate,
    message: 'a gate compares no model',
    hint: 'add `where: { model: ... }`: the model that is judged',
  },
  {
    wrong: (rule) => comparing(rule) && !overOf(rule)?.blessed && overOf(rule)?.model === rule.where?.model,
    message: 'a gate compares a model with itself',
    hint: 'name another model in `over`',
  },
  {
    wrong: (rule) => !comparing(rule) && rule.over !== undefined,
    message: '`over` goes with maxIncrease, maxDecrease, notWorse and the like',
    hint: 'add one of them, or drop `over`',
  },
  {
    wrong: ({ each, aggregate }) => each === true && aggregate !== undefined,
    message: '`each` judges measures one by one, `aggregate` as one',
    hint: 'drop one of them',
  },
  {
    wrong: ({ aggregate, notWorse, notWorseBy }) =>
      aggregate !== undefined && aggregate !== 'all' && (notWorse !== undefined || notWorseBy !== undefined),
    message: 'paired tests on examples do not go with the mean, min or max of several measures',
    hint: 'write `aggregate: all`, or maxDecrease or maxIncrease with `confidently: true`',
  },
];

/** Errors: `config-invalid` for a rule without a limit, with a comparison that lacks a side, and so on. */
export function checkRules(rules: readonly GateRule[], file: string, at = 'gates'): void {
  rules.forEach((rule, i) => {
    const fault = faults.find(({ wrong }) => wrong(rule));
    if (fault)
      throw new AssayError('config-invalid', fault.message, { file, path: `${at}[${i}]`, hint: fault.hint });
  });
}
