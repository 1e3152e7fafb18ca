import { AssayError, unknownName } from '../errors.js';
import { fitting } from './pick.js';
import { BLESSED, type GateRule, overOf } from './rule.js';

/** What rules may name. */
export interface Nameable {
  models: readonly string[];
  datasets: readonly string[];
  suites: readonly NameableSuite[];
  /** Codes of warnings; absent where plug-ins may raise others. */
  warnings?: readonly string[];
}

export interface NameableSuite {
  suite: string;
  /** Names of its measures; absent where only measuring tells. */
  measures?: readonly string[];
  /** Radii as measures write them; absent where only measuring tells. */
  epsilons?: readonly string[];
}

/**
 * Refuses rules that nothing can meet, since they name what is not there. A suite that does not tell its measures
 * may give any.
 * Errors: `unknown-name` with the place in the file.
 */
export function checkNames(
  rules: readonly GateRule[],
  { models, datasets, suites, warnings }: Nameable,
  file: string,
): void {
  rules.forEach((rule, i) => {
    const { measure, suite, where = {} } = rule;
    const place = (path: string) => ({ file, path: `gates[${i}].${path}` });
    const require = (
      kind: string,
      path: string,
      name: string | number | boolean | undefined,
      known: readonly string[],
    ) => {
      if (name === undefined || known.some(fitting(name))) return;
      throw unknownName(kind, String(name), [...new Set(known)], place(path));
    };
    require('model', 'where.model', where.model, models);
    require('data set', 'where.dataset', where.dataset, datasets);
    if (rule.over === BLESSED && models.includes(BLESSED)) throw bothBlessed(place('over'));
    const over = overOf(rule);
    // What a baseline holds is not known here.
    if (over && !over.blessed) require('model', 'over', over.model, models);
    const names = suites.map((row) => row.suite);
    require('suite', 'suite', suite, names);
    require('suite', 'where.suite', where.suite, names);
    const meant = suites.filter((row) =>
      [suite, where.suite].every((name) => name === undefined || fitting(name)(row.suite)),
    );
    if (warnings && Array.isArray(rule.noWarnings))
      rule.noWarnings.forEach((code, c) => {
        require('warning', `noWarnings[${c}]`, code, warnings);
      });
    if (measure === undefined) return;
    const measures = allOf(meant, (row) => row.measures);
    if (measures) require('measure', 'measure', measure, measures);
    const giving = meant.filter((row) => row.measures === undefined || row.measures.includes(measure));
    const epsilons = allOf(giving, (row) => row.epsilons);
    if (epsilons?.length) require('radius', 'where.epsilon', where.epsilon, epsilons);
  });
}

const bothBlessed = (place: { file: string; path: string }) =>
  new AssayError('config-invalid', '`blessed` is the baseline, and a model of this run is called so too', {
    ...place,
    hint: 'write `over: { in: blessed }` for the baseline, or `over: { model: blessed }` for the model',
  });

/** The lists of all rows as one; undefined where a row has none. */
function allOf(
  rows: readonly NameableSuite[],
  list: (row: NameableSuite) => readonly string[] | undefined,
): string[] | undefined {
  const lists = rows.map(list);
  return lists.every((names) => names !== undefined) ? lists.flat() : undefined;
}
