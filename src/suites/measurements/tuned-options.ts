import { compareScores } from '../../metrics/ranking.js';
import type { ScoreOptions } from '../../scores/score.js';
import { float64, int32, type RowsIn } from '../columns.js';
import { type Collected, defineMeasurement, type MeasureContext } from '../contract.js';

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
 * Which options of a score tell a validation pair apart best. Reads, for each of the grid, the score of the
 * in-distribution set and of the other. One row: `auroc` of each, `chosen`, the place of the largest, which is the
 * default where that is as good, and otherwise the first; and how many images there were of both.
 */
export const tunedOptions = defineMeasurement({
  name: 'tuned-options',
  version: 1,
  needs: [],
  unitSize: 1,
  aggregate: true,
  columns,
  async measure({ parts }: MeasureContext<[], ScoreRows[]>, { grid }: TunedParams) {
    const auroc = new Float64Array(grid.length);
    let counts = [0, 0];
    for (const at of grid.keys()) {
      const [id, ood] = [await scoresOf(parts(2 * at)), await scoresOf(parts(2 * at + 1))];
      counts = [id.length, ood.length];
      auroc[at] = compareScores(id, ood).auroc;
    }
    return {
      auroc,
      chosen: Int32Array.of(largest(auroc)),
      nId: Int32Array.of(counts[0]),
      nOod: Int32Array.of(counts[1]),
    };
  },
});

type ScoreRows = { readonly score: Collected['rows'][string] };

async function scoresOf(parts: AsyncIterable<Pick<Collected, 'rows'>>): Promise<Float64Array> {
  const all: Float64Array[] = [];
  for await (const { rows } of parts) all.push(Float64Array.from(rows.score.data));
  const joined = new Float64Array(all.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of all) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** The first where none is larger: that of the default. */
const largest = (values: Float64Array): number =>
  values.reduce((best, value, at) => (value > values[best] ? at : best), 0);

/** The place that was chosen, by the last of the rows that a measurement reads. */
export const chosenOf = (reference: readonly unknown[]): number =>
  (reference.at(-1) as TunedRows | undefined)?.chosen.data[0] ?? 0;
