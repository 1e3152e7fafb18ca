import type { DatasetInfo } from '../../data/dataset.js';
import { AssayError } from '../../errors.js';
import type { SystemInfo } from '../../models/system.js';
import type { Fit, Score, ScoreOptions, Statistics } from '../../scores/score.js';
import { type ChosenScore, variantOf } from '../chosen-scores.js';
import { float64, type Rows, type RowsIn } from '../columns.js';
import { defineMeasurement, type MeasureContext, type Request, request } from '../contract.js';
import { distinctOptions, placeAmong } from '../distinct-options.js';
import { refusing } from '../refused.js';
import { fit, fitOptions } from './fit.js';
import { readRequests, seenOf, toCompute, toFit } from './read-by-score.js';
import { chosenOf, type TunedRows, tunedOptions } from './tuned-options.js';

export interface FittedScoreParams {
  /** Id of a score. */
  score: string;
  /** Settled: with defaults. */
  options: ScoreOptions;
  /** Where they are chosen: among these. */
  grid?: readonly ScoreOptions[];
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
    { score, options: given, grid }: FittedScoreParams,
  ) {
    const row = catalogue.scores.named(score);
    const { compute, rounding } = row;
    const reading = toCompute(row);
    const options = grid?.[chosenOf(reference)] ?? given;
    const fitted =
      row.fit && reference[placeAmong(fitOptions(row.fit, options), fittedWith(row.fit, grid ?? [given]))];
    const inputs = {
      n,
      ...seenOf(reading, rows),
      ...(reading.needs.includes('lastLayer') && { lastLayer: system.lastLayer }),
      ...(fitted && { statistics: statisticsOf(fitted) }),
    };
    return refusing(variantOf(row, options).title, () => {
      const values = compute(inputs, options);
      const nan = values.findIndex(Number.isNaN);
      if (nan >= 0)
        throw new AssayError('data-invalid', 'a score is NaN', {
          path: `example ${indices[nan]}`,
          hint: 'leave the score out for this model',
        });
      return { score: values, rounding: rounding(inputs, values, options) };
    });
  },
});

/** The one row, column by column. */
const statisticsOf = (rows: Rows): Statistics =>
  Object.fromEntries(Object.entries(rows).map(([name, { data }]) => [name, data as Float64Array]));

/** The options that statistics are made with: those that they depend on, each once. */
const fittedWith = (fits: Fit, among: readonly ScoreOptions[]) =>
  distinctOptions(among.map((one) => fitOptions(fits, one)));

type Named = Pick<SystemInfo | DatasetInfo, 'name'>;
type Read = Pick<Score, 'id' | 'needs' | 'reads' | 'probe' | 'fit'> & Pick<ChosenScore, 'tuning'>;

/**
 * A score of a data set, with all that it reads; where its options are to be chosen, by those that are.
 * @param to the data set that it is fitted to, where it is fitted
 */
export function fittedScoreRequest(
  system: Named,
  dataset: Named,
  score: Read,
  options: ScoreOptions,
  to?: DatasetInfo,
): Request<FittedScoreRows> {
  const { id, fit: fits, tuning } = score;
  const tuned = tuning && tunedRequest(system, score, to);
  const among = tuning?.grid ?? [options];
  const on = { system: system.name, dataset: dataset.name };
  const fitted = (own: ScoreOptions) =>
    to && {
      measurement: fit,
      system: system.name,
      dataset: to.name,
      params: { score: id, options: own, images: to.size },
      reference: readRequests(toFit(score), [own], { system: system.name, dataset: to.name }),
    };
  return request({
    measurement: fittedScore,
    ...on,
    params: { score: id, options, ...(tuning && { grid: tuning.grid }) },
    inputs: readRequests(toCompute(score), among, on, tuned),
    reference: [
      ...(fits ? fittedWith(fits, among) : []).flatMap((own) => fitted(own) ?? []),
      ...(tuned ? [tuned] : []),
    ],
  });
}

/** Which options a score is given, by the pair of its `tuning`. Errors: a score without it. */
export function tunedRequest(system: Named, score: Read, to?: DatasetInfo): Request<TunedRows> {
  const { id, tuning } = score;
  if (!tuning) throw new Error(`the options of "${id}" are not to be chosen`);
  const { tuning: _, ...fixed } = score;
  return request({
    measurement: tunedOptions,
    system: system.name,
    dataset: tuning.id.name,
    params: { score: id, grid: tuning.grid },
    reference: tuning.grid.flatMap((options) =>
      [tuning.id, tuning.ood].map((set) => fittedScoreRequest(system, set, fixed, options, to)),
    ),
  });
}
