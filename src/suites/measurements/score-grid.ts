import type { DatasetInfo } from '../../data/dataset.js';
import type { Score, ScoreOptions } from '../../scores/score.js';
import { float64, type Rows, type RowsIn } from '../columns.js';
import { defineMeasurement, type MeasureContext, type Request, request } from '../contract.js';
import { Refused } from '../refused.js';
import { fitRequests, statisticsOf } from './fit.js';
import { probeOptions, probeRequests } from './probe.js';
import { readRequests, toCompute } from './read-by-score.js';
import { scoredImages } from './scored-images.js';

export interface ScoreGridParams {
  /** Id of a score. */
  score: string;
  /** Settled: with defaults. */
  grid: readonly ScoreOptions[];
}

const columns = (_: unknown, { grid }: ScoreGridParams) => ({ score: float64(grid.length) });

export type ScoreGridRows = RowsIn<ReturnType<typeof columns>>;

/**
 * A score of each image with each of several settings: `score` (n, settings), NaN where a setting is impossible for these
 * images. What it reads is read once for all. Errors: `Refused` where every setting is impossible.
 */
export const scoreGrid = defineMeasurement({
  name: 'score-grid',
  version: 2,
  needs: [],
  unitSize: 512,
  passes: () => ({ forward: 0, gradient: 0 }),
  columns,
  async measure(
    { examples: { n, indices }, inputs, reference, catalogue, system }: MeasureContext<Rows[], Rows[]>,
    { score, grid }: ScoreGridParams,
  ) {
    const row = catalogue.scores.named(score);
    const asked = row.probe ? probeOptions(row.probe, grid) : undefined;
    const seen = inputs.slice(0, inputs.length - (asked?.all.length ?? 0));
    const all = new Float64Array(n * grid.length).fill(Number.NaN);
    const refused: Refused[] = [];
    for (const [at, options] of grid.entries()) {
      const rows = asked ? [...seen, inputs[seen.length + asked.placeOf(options)]!] : seen;
      const statistics = statisticsOf(row, options, grid, reference);
      try {
        const { score: values } = await scoredImages({ row, system, indices, rows, statistics }, options);
        for (let i = 0; i < n; i++) all[i * grid.length + at] = values[i]!;
      } catch (error) {
        // More neighbours than there are training images, say: other settings may do.
        if (!(error instanceof Refused)) throw error;
        refused.push(error);
      }
    }
    if (refused.length === grid.length) throw refused[0];
    return { score: all };
  },
});

/** @param to the data set that the score is fitted to, where it is fitted */
export function scoreGridRequest(
  system: string,
  dataset: string,
  score: Pick<Score, 'id' | 'needs' | 'reads' | 'probe' | 'fit'>,
  grid: readonly ScoreOptions[],
  to?: DatasetInfo,
): Request<ScoreGridRows> {
  const { id, probe } = score;
  const on = { system, dataset };
  const { needs } = toCompute(score);
  return request({
    measurement: scoreGrid,
    ...on,
    params: { score: id, grid },
    inputs: [...readRequests({ needs }, grid, on), ...(probe ? probeRequests(probe, grid, on) : [])],
    reference: fitRequests(score, grid, system, to),
  });
}
