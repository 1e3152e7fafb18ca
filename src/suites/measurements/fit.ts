import type { DatasetInfo } from '../../data/dataset.js';
import { AssayError } from '../../errors.js';
import type { SystemInfo } from '../../models/system.js';
import type { Fit, FitSize, Score, ScoreOptions, Statistics } from '../../scores/score.js';
import type { Catalogue } from '../catalogue.js';
import { variantOf } from '../chosen-scores.js';
import { float32, float64, type Rows } from '../columns.js';
import { defineMeasurement, type MeasureContext, type Request, request } from '../contract.js';
import { distinctOptions, optionsNamed, placeAmong } from '../distinct-options.js';
import { Refused, refusing } from '../refused.js';
import { features } from './features.js';
import { fitParts, readRequests, toFit } from './read-by-score.js';

export interface FitParams {
  /** Id of a score. */
  score: string;
  /** Those that its statistics depend on. */
  options: ScoreOptions;
  /** Of the data set. */
  images: number;
}

const sizeOf = ({ featureWidth = 0, classes }: SystemInfo, { images }: FitParams): FitSize => ({
  width: featureWidth,
  classes: classes.length,
  images,
});

/** The options that statistics are made with, of these: those that they depend on, each once. */
const fittedWith = (fits: Fit, among: readonly ScoreOptions[]) =>
  distinctOptions(among.map((one) => optionsNamed(fits.options, one)));

type Fitted = Pick<Score, 'id' | 'needs' | 'reads' | 'probe' | 'fit'>;

/** Requests of what a score with any of these options is fitted to; none where it is not fitted. */
export function fitRequests(
  score: Fitted,
  among: readonly ScoreOptions[],
  system: string,
  to: DatasetInfo | undefined,
): Request[] {
  if (!score.fit || !to) return [];
  const on = { system, dataset: to.name };
  const all = fittedWith(score.fit, among);
  const banksAll = all.some((options) => score.fit?.banksAll?.(to.size, options));
  return [
    ...all.map((options) =>
      request({
        measurement: fit,
        ...on,
        params: { score: score.id, options, images: to.size },
        reference: readRequests(toFit(score), [options], on),
      }),
    ),
    ...(banksAll ? [request({ measurement: features, ...on })] : []),
  ];
}

/** What was fitted for one of these options, among the rows of these requests; undefined where it is not fitted. */
export function statisticsOf(
  { fit: fits }: Pick<Score, 'fit'>,
  options: ScoreOptions,
  among: readonly ScoreOptions[],
  rows: readonly Rows[],
): Statistics | undefined {
  if (!fits) return undefined;
  const all = fittedWith(fits, among);
  const own = rows[placeAmong(optionsNamed(fits.options, options), all)];
  if (!own) return undefined;
  const statistics = Object.fromEntries(
    Object.entries(own).map(([name, { data }]) => [name, data as Float64Array]),
  );
  const whole = fits.banksAll && !statistics.bank ? rows[all.length]?.features : undefined;
  if (whole && whole.shape[0] !== statistics.size?.[0]) throw unlike(whole.shape[0]!, statistics.size?.[0]);
  return whole ? { ...statistics, bank: whole.data as Float32Array } : statistics;
}

/** Images of which there are features, and nothing else. */
const unlike = (featured: number, fitted = 0) =>
  new Refused({
    what: 'a comparison with single training images',
    reason: `features of ${featured} of them are finite, and logits of ${fitted}; check the weights of the model, or set the option \`images\` of the score, which keeps features of its own`,
  });

/** Each of the statistics as a row, by name. */
function statisticsColumns(system: SystemInfo, params: FitParams, catalogue: Catalogue) {
  const { fit: fits } = fitOf(params.score, catalogue);
  const shapes = stored(fits, params, fits.shapes(sizeOf(system, params), params.options));
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [
      name,
      'float32' in shape ? float32(...shape.float32) : float64(...shape),
    ]),
  );
}

/** Statistics but for a bank of all images. */
function stored<T>({ banksAll }: Fit, { images, options }: FitParams, all: Readonly<Record<string, T>>) {
  if (!banksAll?.(images, options)) return { ...all };
  const { bank: _, ...rest } = all;
  return rest;
}

/**
 * What a score is fitted to, of a whole data set; reads what it needs of images unit by unit. One row, with the columns
 * that the score declares. Errors: `Refused` where it cannot be fitted to them.
 */
export const fit = defineMeasurement({
  name: 'fit',
  version: 3,
  needs: [],
  unitSize: 1,
  passes: () => ({ forward: 0, gradient: 0 }),
  aggregate: true,
  columns: statisticsColumns,
  async measure(
    { system, parts, catalogue, seed, signal }: MeasureContext<[], Rows[]>,
    params: FitParams,
  ): Promise<Record<string, Float64Array | Float32Array>> {
    const score = fitOf(params.score, catalogue);
    const reading = toFit(score);
    const site = { ...sizeOf(system.info, params), seed, signal };
    const { lastLayer } = system;
    const statistics = await refusing(variantOf(score, params.options).title, () =>
      score.fit.statistics(
        { [Symbol.asyncIterator]: () => fitParts(reading, parts) },
        { ...site, ...(reading.needs.includes('lastLayer') && lastLayer && { lastLayer }) },
        params.options,
      ),
    );
    return stored<Float64Array | Float32Array>(score.fit, params, statistics);
  },
});

function fitOf(id: string, { scores }: Catalogue): Score & { fit: Fit } {
  const score = scores.named(id);
  if (score.fit) return { ...score, fit: score.fit };
  throw new AssayError('suite-failed', `the score "${id}" is not fitted to anything`);
}
