import { type DatasetInfo, labelledTestSets, type SuiteContext } from '../../src/suite.js';
import type { CorruptionsOptions } from './options.js';
import { settingsOf } from './settings.js';

/** Whether images are corrupted already: published ones, and what a run makes with `corrupt`. */
export const isCorrupted = ({ recipe, corruption }: DatasetInfo): boolean =>
  corruption !== undefined || recipe?.by === 'corrupt';

/** Labelled test sets whose images can be corrupted, and are not yet. */
export const cleanSets = (context: SuiteContext, options: CorruptionsOptions): DatasetInfo[] =>
  labelledTestSets(context).filter(
    (dataset) => !isCorrupted(dataset) && settingsOf(context, dataset, options).length > 0,
  );
