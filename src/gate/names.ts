import { unknownName } from '../errors.js';
import type { GateRule } from './rule.js';

/** What rules may name. */
export interface Nameable {
  models: readonly string[];
  datasets: readonly string[];
  suites: readonly NameableSuite[];
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
  { models, datasets, suites }: Nameable,
  file: string,
): void {
  rules.forEach(({ measure, suite, where = {}, over }, i) => {
    const require = (kind: string, path: string, name: unknown, known: readonly string[]) => {
      if (name === undefined || known.includes(String(name))) return;
      throw unknownName(kind, String(name), [...new Set(known)], { file, path: `gates[${i}].${path}` });
    };
    require('model', 'where.model', where.model, models);
    require('model', 'over', over, models);
    require('data set', 'where.dataset', where.dataset, datasets);
    const names = suites.map((row) => row.suite);
    require('suite', 'suite', suite, names);
    require('suite', 'where.suite', where.suite, names);
    const meant = suites.filter((row) =>
      [suite, where.suite].every((name) => name === undefined || name === row.suite),
    );
    const measures = allOf(meant, (row) => row.measures);
    if (measures) require('measure', 'measure', measure, measures);
    const giving = meant.filter((row) => row.measures === undefined || row.measures.includes(measure));
    const epsilons = allOf(giving, (row) => row.epsilons);
    if (epsilons?.length) require('radius', 'where.epsilon', where.epsilon, epsilons);
  });
}

/** The lists of all rows as one; undefined where a row has none. */
function allOf(
  rows: readonly NameableSuite[],
  list: (row: NameableSuite) => readonly string[] | undefined,
): string[] | undefined {
  const lists = rows.map(list);
  return lists.every((names) => names !== undefined) ? lists.flat() : undefined;
}
