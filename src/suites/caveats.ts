import type { DatasetInfo } from '../data/dataset.js';
import type { SystemInfo } from '../models/system.js';
import type { SuiteContext } from './contract.js';
import type { NotApplicable, Warning } from './results.js';

/** Test sets on which right and wrong can be told. */
export function labelledTestSets({ datasets }: Pick<SuiteContext, 'datasets'>): DatasetInfo[] {
  return datasets.filter(({ role, labelled }) => role === 'test' && labelled);
}

/** For each system, the test sets that a suite about labels must leave out, or that there is none at all. */
export function withoutLabels(suite: string, context: SuiteContext): NotApplicable[] {
  const unlabelled = context.datasets.filter(({ role, labelled }) => role === 'test' && !labelled);
  const reasons: Omit<NotApplicable, 'suite' | 'model'>[] = unlabelled.map(({ name }) => ({
    what: name,
    reason: `the data set "${name}" has no labels`,
  }));
  if (!context.datasets.some(({ role }) => role === 'test')) {
    reasons.push({ reason: 'the run has no data set with `role: test`' });
  }
  return context.systems.flatMap(({ name }) => reasons.map((reason) => ({ suite, model: name, ...reason })));
}

/** Below this many examples a 95 % interval of a proportion near one half is wider than 20 points. */
const FEW = 100;

/** A warning when a data set is too small for its numbers to be compared. */
export function fewExamples(suite: string, { name, size }: DatasetInfo): Warning[] {
  if (size >= FEW) return [];
  return [
    {
      code: 'few-examples',
      severity: 'warning',
      suite,
      dataset: name,
      message: `"${name}" has ${size} example${size === 1 ? '' : 's'}`,
      why: 'intervals are wide, and differences between models within them mean nothing',
      fix: `measure at least ${FEW}, better thousands`,
    },
  ];
}

/** The same when a suite used only the first `n` examples, as it was asked to. */
export function fewUsed(suite: string, dataset: DatasetInfo, n: number): Warning[] {
  return fewExamples(suite, { ...dataset, size: n }).map((warning) =>
    n === dataset.size
      ? warning
      : { ...warning, message: `${n} of the ${dataset.size} examples of "${dataset.name}" were used` },
  );
}

/** A note that a stochastic system was measured on one draw of its noise. */
export function singleDraw(suite: string, { name, stochastic }: SystemInfo): Warning[] {
  if (!stochastic) return [];
  return [
    {
      code: 'single-draw',
      severity: 'note',
      suite,
      model: name,
      message: `"${name}" is stochastic and was measured on one draw per example`,
      why: 'intervals cover the choice of examples and the draws together; another seed gives slightly other values',
    },
  ];
}
