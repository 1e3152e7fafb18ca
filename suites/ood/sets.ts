import type { DatasetInfo, SuiteContext } from '../../src/suite.js';

/** The data sets that are told apart. */
export interface Sets {
  ids: readonly DatasetInfo[];
  /** Test sets of the same classes in other conditions: in-distribution in full-spectrum measures. */
  shifted: readonly DatasetInfo[];
  oods: readonly DatasetInfo[];
}

/** The sets of a run; all are empty when there is no test set, or no OOD set. */
export function setsOf({ datasets }: Pick<SuiteContext, 'datasets'>): Sets {
  const tests = datasets.filter(({ role }) => role === 'test');
  const [ids, shifted] = [tests.filter(({ shift }) => !shift), tests.filter(({ shift }) => shift)];
  const oods = datasets.filter(({ role }) => role === 'ood');
  return ids.length > 0 && oods.length > 0 ? { ids, shifted, oods } : { ids: [], shifted: [], oods: [] };
}

/** Why there is nothing to tell apart, if so. */
export function lackOfSets({ datasets }: Pick<SuiteContext, 'datasets'>): string | undefined {
  const has = (of: 'test' | 'ood') => datasets.some(({ role }) => role === of);
  if (!has('test')) return 'the run has no data set with `role: test`';
  if (!has('ood')) return 'the run has no data set with `role: ood`';
  const plain = datasets.some(({ role, shift }) => role === 'test' && !shift);
  return plain
    ? undefined
    : 'every test set of the run has a `shift`: none is as the models were trained for';
}

/** Whether a set was made of another, whatever lies between. */
export function isMadeOf(set: DatasetInfo, other: DatasetInfo, datasets: readonly DatasetInfo[]): boolean {
  const parent = datasets.find(({ name }) => name === set.recipe?.of);
  return parent !== undefined && (parent === other || isMadeOf(parent, other, datasets));
}
