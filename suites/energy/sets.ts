import { AssayError, type DatasetInfo, type SuiteContext, unknownName } from '../../src/suite.js';
import type { EnergyOptions } from './options.js';

/** Which data sets of a run are what to the suite. */
export interface Sets {
  /** What the others are compared with. */
  reference: DatasetInfo;
  /** All others, in the order of the run. */
  others: readonly DatasetInfo[];
  /** Images that the models may have seen in training. */
  train: DatasetInfo | undefined;
}

/**
 * Undefined when the run has nothing to compare with: no test set, and none named.
 * Errors: `unknown-name`; `config-invalid` where the reference is named as the training set, too.
 */
export function setsOf(
  { datasets }: Pick<SuiteContext, 'datasets'>,
  options: EnergyOptions,
): Sets | undefined {
  const tests = datasets.filter(({ role }) => role === 'test');
  const reference =
    options.against === undefined
      ? (tests.find(({ recipe }) => !recipe) ?? tests[0])
      : datasetNamed(datasets, options.against, 'against');
  if (!reference) return undefined;
  const others = datasets.filter((dataset) => dataset !== reference);
  const train =
    options.train === undefined
      ? others.find(({ role, recipe }) => role === 'train' && !recipe)
      : datasetNamed(datasets, options.train, 'train');
  if (train === reference)
    throw new AssayError('config-invalid', 'one data set cannot be the training set and the test set', {
      path: 'train',
      expected: `a data set other than "${reference.name}"`,
      found: train.name,
      hint: 'name another data set in `train`, or the test set in `against`',
    });
  return { reference, others, train };
}

function datasetNamed(datasets: readonly DatasetInfo[], name: string, option: string): DatasetInfo {
  const set = datasets.find((dataset) => dataset.name === name);
  if (set) return set;
  const names = datasets.map((dataset) => dataset.name);
  throw unknownName('data set', name, names, { path: `suites: energy.${option}` });
}

/**
 * Whether one set was made of the other, or both of a third, in however many steps: examples of the same number then
 * belong together.
 */
export const ofOneOrigin = (a: DatasetInfo, b: DatasetInfo, datasets: readonly DatasetInfo[]): boolean =>
  originOf(a, datasets) === originOf(b, datasets);

/** The name of what it was made of at first, which need not be a set of the suite. */
function originOf({ name, recipe }: DatasetInfo, datasets: readonly DatasetInfo[]): string {
  if (recipe?.of === undefined) return name;
  const parent = datasets.find((dataset) => dataset.name === recipe.of);
  return parent ? originOf(parent, datasets) : recipe.of;
}
