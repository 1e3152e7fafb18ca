import type { DatasetInfo, SuiteContext } from '../../src/suite.js';

/** The data sets that are told apart. */
export interface Sets {
  ids: readonly DatasetInfo[];
  oods: readonly DatasetInfo[];
}

/** The test sets and the OOD sets of a run; both are empty when one is. */
export function setsOf({ datasets }: Pick<SuiteContext, 'datasets'>): Sets {
  const ids = datasets.filter(({ role }) => role === 'test');
  const oods = datasets.filter(({ role }) => role === 'ood');
  return ids.length > 0 && oods.length > 0 ? { ids, oods } : { ids: [], oods: [] };
}
