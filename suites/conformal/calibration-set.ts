import { cleanRequest, type OutputRows } from '../../src/measurements.js';
import {
  type CollectedRows,
  type DatasetInfo,
  everywhere,
  fitOnSplit,
  fitOnValidation,
  type HeldOut,
  labelledTestSets,
  type SuiteContext,
  type SystemInfo,
  validationSet,
} from '../../src/suite.js';
import type { ConformalOptions } from './options.js';

/** Where thresholds for a data set come from. */
export interface Source {
  dataset: DatasetInfo;
  /** Calibration and reported examples may be taken for draws of one distribution: the guarantee then holds. */
  exchangeable: boolean;
}

export const heldOutSet = ({ datasets }: Pick<SuiteContext, 'datasets'>, { fitOn }: ConformalOptions) =>
  validationSet(datasets, fitOn, { where: 'suites: conformal.fitOn', what: 'a threshold' });

/** What sets are made for: labelled test sets, and OOD sets once there is something to take thresholds from. */
export function reportedSets(context: SuiteContext): DatasetInfo[] {
  const tests = labelledTestSets(context);
  return tests.length === 0 ? [] : [...tests, ...context.datasets.filter(({ role }) => role === 'ood')];
}

/** The labelled test set whose images these are, changed or not. */
function origin(dataset: DatasetInfo, tests: readonly DatasetInfo[], all: readonly DatasetInfo[]) {
  for (let at: DatasetInfo | undefined = dataset; at; at = all.find(({ name }) => name === at?.recipe?.of))
    if (!at.recipe && tests.includes(at)) return at;
  return undefined;
}

/** The validation set; without one, a part of the test set that these images are of, else of the first test set. */
export function sourceOf(dataset: DatasetInfo, context: SuiteContext, options: ConformalOptions): Source {
  const held = heldOutSet(context, options);
  const asItIs = dataset.role === 'test' && dataset.recipe === undefined;
  if (held) return { dataset: held, exchangeable: asItIs };
  const tests = labelledTestSets(context);
  const from = origin(dataset, tests, context.datasets) ?? tests[0]!;
  return { dataset: from, exchangeable: from === dataset };
}

/** What a system's thresholds for a data set are taken from, and what is reported; undefined where rows are missing. */
export function heldOut(
  system: SystemInfo,
  dataset: DatasetInfo,
  { dataset: source }: Source,
  collected: CollectedRows,
  { seed }: SuiteContext,
  { fitShare: share }: ConformalOptions,
): HeldOut<OutputRows> | undefined {
  const [here, there] = [dataset, source].map((set) => collected.get(cleanRequest(system, set)));
  if (!here || !there) return undefined;
  const test = { dataset, collected: here };
  if (source.role === 'validation') return fitOnValidation(test, { dataset: source, collected: there });
  const split = fitOnSplit({ dataset: source, collected: there }, { share, seed });
  if (source === dataset) return split;
  // The same images, changed: those that thresholds come from are not reported either.
  const fitted = new Set(Array.from(split.fitted, (i) => there.indices[i]));
  const changed = dataset.recipe !== undefined;
  const reported = everywhere(here.indices.length).filter((i) => !changed || !fitted.has(here.indices[i]));
  return { ...split, reported };
}
