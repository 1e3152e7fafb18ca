import type { DatasetInfo } from '../../data/dataset.js';
import type { SystemInfo } from '../../models/system.js';
import type { Score, ScoreOptions } from '../../scores/score.js';
import type { ChosenScore } from '../chosen-scores.js';
import { float64, type Rows, type RowsIn } from '../columns.js';
import { defineMeasurement, type MeasureContext, type Request, request } from '../contract.js';
import { fitRequests, statisticsOf } from './fit.js';
import { readRequests, toCompute } from './read-by-score.js';
import { scoreGridRequest } from './score-grid.js';
import { scoredImages } from './scored-images.js';
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
    { examples: { indices }, inputs: rows, reference, catalogue, system }: MeasureContext<Rows[], Rows[]>,
    { score, options: given, grid }: FittedScoreParams,
  ) {
    const row = catalogue.scores.named(score);
    const options = grid?.[chosenOf(reference)] ?? given;
    const statistics = statisticsOf(row, options, grid ?? [given], reference);
    return scoredImages({ row, system, indices, rows, statistics }, options);
  },
});

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
  const { id, tuning } = score;
  const tuned = tuning && tunedRequest(system, score, to);
  const among = tuning?.grid ?? [options];
  const on = { system: system.name, dataset: dataset.name };
  return request({
    measurement: fittedScore,
    ...on,
    params: { score: id, options, ...(tuning && { grid: tuning.grid }) },
    inputs: readRequests(toCompute(score), among, on, tuned),
    reference: [...fitRequests(score, among, system.name, to), ...(tuned ? [tuned] : [])],
  });
}

/** Which options a score is given, by the pair of its `tuning`. Errors: a score without it. */
export function tunedRequest(system: Named, score: Read, to?: DatasetInfo): Request<TunedRows> {
  const { id, tuning } = score;
  if (!tuning) throw new Error(`the options of "${id}" are not to be chosen`);
  return request({
    measurement: tunedOptions,
    system: system.name,
    dataset: tuning.id.name,
    params: { score: id, grid: tuning.grid },
    reference: [tuning.id, tuning.ood].map((set) =>
      scoreGridRequest(system.name, set.name, score, tuning.grid, to),
    ),
  });
}
