import { compareScores } from '../../metrics/ranking/ranking.js';
import type { ScoreOptions } from '../../scores/score.js';
import { float64, int32, type RowsIn } from '../columns.js';
import { type Collected, defineMeasurement, type MeasureContext } from '../contract.js';
import { placeOfLargest } from './place-of-largest.js';

export interface TunedParams {
  /** Id of a score. */
  score: string;
  /** The first is the default. */
  grid: readonly ScoreOptions[];
}

const columns = (_: unknown, { grid }: TunedParams) => ({
  auroc: float64(grid.length),
  chosen: int32(),
  nId: int32(),
  nOod: int32(),
});

export type TunedRows = RowsIn<ReturnType<typeof columns>>;

/**
 * Which options of a score tell a validation pair apart best. Reads the scores of the in-distribution set with each of the
 * grid, and those of the other. One row: `auroc` of each, NaN where a setting gave no number for some image; `chosen`, the
 * place of the largest, which is the default where that is as good, and otherwise the first; and how many images there were
 * of both.
 */
export const tunedOptions = defineMeasurement({
  name: 'tuned-options',
  version: 2,
  needs: [],
  unitSize: 1,
  passes: () => ({ forward: 0, gradient: 0 }),
  aggregate: true,
  columns,
  async measure({ parts }: MeasureContext<[], ScoreRows[]>, { grid }: TunedParams) {
    const [id, ood] = [await columnsOf(parts(0), grid.length), await columnsOf(parts(1), grid.length)];
    const auroc = Float64Array.from(grid, (_, at) => aurocOf(id[at]!, ood[at]!));
    return {
      auroc,
      // The first of equal ones: the default, where that is as good.
      chosen: Int32Array.of(placeOfLargest(auroc)),
      nId: Int32Array.of(id[0]!.length),
      nOod: Int32Array.of(ood[0]!.length),
    };
  },
});

/** (n, settings) */
type ScoreRows = { readonly score: Collected['rows'][string] };

/** Scores of a whole set, by setting. */
async function columnsOf(
  parts: AsyncIterable<Pick<Collected, 'rows'>>,
  settings: number,
): Promise<Float64Array[]> {
  const all: Float64Array[] = [];
  for await (const { rows } of parts) all.push(Float64Array.from(rows.score!.data));
  const n = all.reduce((sum, { length }) => sum + length, 0) / settings;
  return Array.from({ length: settings }, (_, at) => {
    const column = new Float64Array(n);
    let row = 0;
    for (const part of all) for (let own = at; own < part.length; own += settings) column[row++] = part[own]!;
    return column;
  });
}

const aurocOf = (id: Float64Array, ood: Float64Array): number =>
  [id, ood].some((scores) => scores.some(Number.isNaN)) ? Number.NaN : compareScores(id, ood).auroc;

/** The place that was chosen, by the last of the rows that a measurement reads. */
export const chosenOf = (reference: readonly unknown[]): number =>
  (reference.at(-1) as TunedRows | undefined)?.chosen.data[0] ?? 0;
