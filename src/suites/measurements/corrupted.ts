import type { AnyCorruption } from '../../data/corruptions/corruption.js';
import type { DatasetInfo } from '../../data/dataset.js';
import type { SystemInfo } from '../../models/system.js';
import { defineMeasurement, type MeasureContext, type Request, request } from '../contract.js';
import { clean, type OutputRows, outputColumns } from './clean.js';
import { type CorruptedParams, corruptedImages } from './corrupted-images.js';

/**
 * One forward pass over corrupted images, made in process: those of the derived data set `corrupt` with the same
 * parameters, so that it does not matter which of the two a run measures. Rows: those of `clean`.
 */
export const corrupted = defineMeasurement({
  name: 'corrupted',
  version: 1,
  needs: [],
  unitSize: 512,
  passes: () => ({ forward: 1, gradient: 0 }),
  columns: outputColumns,
  async measure(context: MeasureContext, params: CorruptedParams) {
    const { examples, seed, system, catalogue } = context;
    const row = catalogue.corruptions.named(params.corruption);
    const { shape } = system.info;
    const pixels = corruptedImages(examples, row, params, { seed, shape });
    return clean.measure({ ...context, examples: { ...examples, pixels } }, {});
  },
});

/** What a system says of the first so many images of a data set, corrupted. */
export const corruptedRequest = (
  { name: system }: Pick<SystemInfo, 'name'>,
  { name: dataset }: Pick<DatasetInfo, 'name'>,
  row: Pick<AnyCorruption, 'name' | 'version'>,
  { severity, parameters }: Pick<CorruptedParams, 'severity' | 'parameters'>,
  first?: number,
): Request<OutputRows> =>
  request({
    measurement: corrupted,
    system,
    dataset,
    params: { corruption: row.name, version: row.version, severity, parameters },
    first,
  });
