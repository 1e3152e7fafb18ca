import type { DatasetInfo } from '../../data/dataset.js';
import { AssayError } from '../../errors.js';
import type { SystemInfo } from '../../models/system.js';
import type { Features, Fit, FitPart, ScoreOptions, Statistics } from '../../scores/score.js';
import type { Catalogue } from '../catalogue.js';
import { float64, type NdArray, type Rows, type RowsIn } from '../columns.js';
import {
  type Collected,
  defineMeasurement,
  type MeasureContext,
  type Request,
  request,
} from '../contract.js';
import { type FeatureRows, features } from './features.js';

export interface FitParams {
  /** Id of a score. */
  score: string;
}

const sizeOf = ({ featureWidth = 0, classes }: SystemInfo) => ({
  width: featureWidth,
  classes: classes.length,
});

/** Each of the statistics as a row, by name. */
function statisticsColumns(system: SystemInfo, { score }: FitParams, catalogue: Catalogue) {
  const shapes = Object.entries(fitOf(score, catalogue).shapes(sizeOf(system)));
  return Object.fromEntries(shapes.map(([name, shape]) => [name, float64(...shape)]));
}

type StatisticsRows = RowsIn<ReturnType<typeof statisticsColumns>>;

/**
 * What a score is fitted to, of a whole data set; reads the rows of `features` unit by unit. One row, with the columns
 * that the score declares.
 */
export const fit = defineMeasurement({
  name: 'fit',
  version: 1,
  needs: ['features'],
  unitSize: 1,
  aggregate: true,
  columns: statisticsColumns,
  async measure(
    { system, parts, catalogue }: MeasureContext<[], [FeatureRows]>,
    { score }: FitParams,
  ): Promise<Record<string, Float64Array>> {
    return fitOf(score, catalogue).statistics(fitParts(parts(0)), sizeOf(system.info));
  },
});

async function* fitParts(parts: AsyncIterable<Omit<Collected, 'request'>>): AsyncGenerator<FitPart> {
  for await (const { rows, labels } of parts) {
    if (!labels) throw new AssayError('suite-failed', 'a score is fitted to labelled images only');
    yield { features: featuresOf(rows.features), labels };
  }
}

const featuresOf = ({ shape: [n, width], data }: NdArray): Features => ({ n, width, data });

function fitOf(score: string, { scores }: Catalogue): Fit {
  const { fit } = scores.named(score);
  if (fit) return fit;
  throw new AssayError('suite-failed', `the score "${score}" is not fitted to anything`);
}

export interface FittedScoreParams extends FitParams {
  options: ScoreOptions;
}

const columns = { score: float64(), rounding: float64() };

export type FittedScoreRows = RowsIn<typeof columns>;

/** A fitted score of each image, and how far it may be off for rounding: `score` and `rounding` (n). */
export const fittedScore = defineMeasurement({
  name: 'fitted-score',
  version: 1,
  needs: ['features'],
  unitSize: 512,
  passes: () => ({ forward: 0, gradient: 0 }),
  columns,
  async measure(
    {
      examples: { n, indices },
      inputs: [seen],
      reference: [fitted],
      catalogue,
    }: MeasureContext<[FeatureRows], [StatisticsRows]>,
    { score, options }: FittedScoreParams,
  ) {
    const { compute, rounding, title } = catalogue.scores.named(score);
    const inputs = { n, features: featuresOf(seen.features), statistics: statisticsOf(fitted) };
    const values = compute(inputs, options);
    const nan = values.findIndex(Number.isNaN);
    if (nan >= 0)
      throw new AssayError('data-invalid', `the score ${title} is NaN`, {
        path: `example ${indices[nan]}`,
        hint: 'leave the score out for this model',
      });
    return { score: values, rounding: rounding(inputs, values) };
  },
});

const statisticsOf = (rows: Rows): Statistics =>
  Object.fromEntries(Object.entries(rows).map(([name, { data }]) => [name, Float64Array.from(data)]));

/** A fitted score of a data set, with all that it reads. @param to the data set that it is fitted to */
export function fittedScoreRequest(
  system: string,
  dataset: DatasetInfo,
  params: FittedScoreParams,
  to: DatasetInfo,
): Request<FittedScoreRows> {
  const featuresRequest = ({ name }: DatasetInfo) =>
    request({ measurement: features, system, dataset: name });
  return request({
    measurement: fittedScore,
    system,
    dataset: dataset.name,
    params,
    inputs: [featuresRequest(dataset)],
    reference: [
      request({
        measurement: fit,
        system,
        dataset: to.name,
        params: { score: params.score },
        reference: [featuresRequest(to)],
      }),
    ],
  });
}
