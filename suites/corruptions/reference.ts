import { type DatasetInfo, referenceAmong } from '../../src/suite.js';
import { ALEXNET, ALEXNET_CLEAN } from './alexnet.js';
import type { CorruptionsOptions } from './options.js';
import type { ShiftResult } from './result.js';
import { parametersOf } from './settings.js';

/** What errors are divided by, (n, counted) and (n), for each image of the model that is compared with it. */
export interface Reference {
  /** For people. */
  name: string;
  errors: Float64Array;
  cleanError: Float64Array;
}

/** What `reference` says for the published numbers. */
export const PUBLISHED_REFERENCE = 'alexnet';

/** Why AlexNet's published errors cannot stand under these. */
function misfit(dataset: DatasetInfo, options: CorruptionsOptions, counted: readonly string[]) {
  if (parametersOf(options, dataset) !== 'imagenet')
    return 'those of AlexNet are for the parameters imagenet';
  if (options.severities.length < 5) return 'those of AlexNet are means over all five severities';
  const unknown = counted.filter((name) => !(name in ALEXNET));
  return unknown.length > 0 ? `there are none of AlexNet for ${unknown.join(', ')}` : undefined;
}

/**
 * What the errors of a model are divided by, image by image where it is a model of the run; or why there is nothing, where
 * a reference was asked for.
 */
export function referenceOf(
  result: ShiftResult,
  results: readonly ShiftResult[],
  options: CorruptionsOptions,
): Reference | { lacks: string } | undefined {
  const { reference: name } = options;
  const { dataset, n, counted } = result;
  if (name === undefined) return undefined;
  if (name === PUBLISHED_REFERENCE && !results.some(({ system }) => system.name === name)) {
    const lacks = misfit(dataset, options, counted);
    if (lacks) return { lacks };
    const constants = counted.map((corruption) => ALEXNET[corruption]);
    return {
      name: 'AlexNet (published errors)',
      errors: Float64Array.from({ length: n * counted.length }, (_, at) => constants[at % counted.length]!),
      cleanError: new Float64Array(n).fill(ALEXNET_CLEAN),
    };
  }
  const own = referenceAmong(result, results, name);
  return 'lacks' in own ? own : { name, errors: own.errors, cleanError: own.cleanError };
}
