import type { DatasetInfo } from '../../data/dataset.js';
import { AssayError } from '../../errors.js';
import type { SystemInfo } from '../../models/system.js';
import type { Score, ScoreOptions, Statistics } from '../../scores/score.js';
import { float64, type Rows, type RowsIn } from '../columns.js';
import { defineMeasurement, type MeasureContext, type Request, request } from '../contract.js';
import { fit, fitOptions } from './fit.js';
import { readRequests, seenOf, toCompute, toFit } from './read-by-score.js';

export interface FittedScoreParams {
  /** Id of a score. */
  score: string;
  /** Settled: with defaults. */
  options: ScoreOptions;
}

const columns = { score: float64(), rounding: float64() };

export type FittedScoreRows = RowsIn<typeof columns>;

/**
 * A score of each image that is fitted, has a probe, or is read off features or the last layer, and how far it may be off for rounding:
 * `score` and `rounding` (n).
 */
export const fittedScore = defineMeasurement({
  name: 'fitted-score',
  version: 2,
  needs: [],
  unitSize: 512,
  passes: () => ({ forward: 0, gradient: 0 }),
  columns,
  async measure(
    { examples: { n, indices }, inputs: rows, reference, catalogue, system }: MeasureContext<Rows[], Rows[]>,
    { score, options }: FittedScoreParams,
  ) {
    const row = catalogue.scores.named(score);
    const { compute, rounding, title } = row;
    const reading = toCompute(row);
    const [fitted] = reference;
    const inputs = {
      n,
      ...seenOf(reading, rows),
      ...(reading.needs.includes('lastLayer') && { lastLayer: system.lastLayer }),
      ...(fitted && { statistics: statisticsOf(fitted) }),
    };
    const values = compute(inputs, options);
    const nan = values.findIndex(Number.isNaN);
    if (nan >= 0)
      throw new AssayError('data-invalid', `the score ${title} is NaN`, {
        path: `example ${indices[nan]}`,
        hint: 'leave the score out for this model',
      });
    return { score: values, rounding: rounding(inputs, values, options) };
  },
});

/** The one row, column by column. */
const statisticsOf = (rows: Rows): Statistics =>
  Object.fromEntries(Object.entries(rows).map(([name, { data }]) => [name, data as Float64Array]));

/**
 * A score of a data set, with all that it reads.
 * @param to the data set that it is fitted to, where it is fitted
 */
export function fittedScoreRequest(
  { name: system }: Pick<SystemInfo, 'name'>,
  { name: dataset }: Pick<DatasetInfo, 'name'>,
  score: Pick<Score, 'id' | 'needs' | 'reads' | 'probe' | 'fit'>,
  options: ScoreOptions,
  to?: DatasetInfo,
): Request<FittedScoreRows> {
  const { id, fit: fits } = score;
  const fitted =
    fits &&
    to &&
    request({
      measurement: fit,
      system,
      dataset: to.name,
      params: { score: id, options: fitOptions(fits, options), images: to.size },
      reference: readRequests(toFit(score), options, { system, dataset: to.name }),
    });
  return request({
    measurement: fittedScore,
    system,
    dataset,
    params: { score: id, options },
    inputs: readRequests(toCompute(score), options, { system, dataset }),
    reference: fitted ? [fitted] : [],
  });
}
