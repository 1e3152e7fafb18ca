import { corrupted as corruptedImage, drawsFor } from '../../data/corruptions/corrupted.js';
import type { AnyCorruption, ParameterSet, Severity } from '../../data/corruptions/corruption.js';
import type { DatasetInfo, Examples } from '../../data/dataset.js';
import { imageSize } from '../../models/batching.js';
import type { SystemInfo } from '../../models/system.js';
import { stream } from '../../random/stream.js';
import { defineMeasurement, type MeasureContext, type Request, request } from '../contract.js';
import { clean, type OutputRows, outputColumns } from './clean.js';

/** A corruption as it is measured. What decides its images is in here: a corruption whose `version` is raised is measured anew. */
export interface CorruptedParams {
  corruption: string;
  version: number;
  severity: Severity;
  parameters: ParameterSet;
}

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
    const row = context.catalogue.corruptions.named(params.corruption);
    const examples = corruptedExamples(context, row, params);
    return clean.measure({ ...context, examples }, {});
  },
});

function corruptedExamples(
  { examples, system, seed }: Pick<MeasureContext, 'examples' | 'system' | 'seed'>,
  row: AnyCorruption,
  params: CorruptedParams,
): Examples {
  const size = imageSize(system.info);
  const pixels = new Float32Array(examples.pixels.length);
  for (const [i, example] of examples.indices.entries()) {
    const draws = stream({ seed, purpose: `corrupt/${drawsFor(row, params)}`, example });
    const image = examples.pixels.subarray(i * size, (i + 1) * size);
    pixels.set(corruptedImage(row, image, system.info.shape, params, draws), i * size);
  }
  return { ...examples, pixels };
}

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
