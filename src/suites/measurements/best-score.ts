import { compareScores } from '../../metrics/ranking/ranking.js';
import { float64, int32, type Rows, type RowsIn } from '../columns.js';
import { defineMeasurement, type MeasureContext } from '../contract.js';
import { placeOfLargest } from './place-of-largest.js';
import { type ReadContext, type ReadScore, scoreParts } from './read-scores.js';

export interface BestScoreParams {
  /** `reference` has what each reads of the test set, then of each OOD set. */
  scores: readonly ReadScore[];
  /** OOD sets. */
  oods: number;
}

const columns = (_: unknown, { scores }: BestScoreParams) => ({
  auroc: float64(scores.length),
  best: int32(),
});

export type BestScoreRows = RowsIn<ReturnType<typeof columns>>;

/**
 * Which score tells a test set from OOD sets best. One row: `auroc` of each, the unweighted mean over the OOD sets, NaN
 * where one of the sets is empty; and `best`, the place of the largest, the first of equal ones.
 */
export const bestScore = defineMeasurement({
  name: 'best-score',
  version: 1,
  needs: [],
  unitSize: 1,
  aggregate: true,
  passes: () => ({ forward: 0, gradient: 0 }),
  columns,
  async measure(context: MeasureContext<[], Rows[]>, { scores, oods }: BestScoreParams) {
    const auroc = new Float64Array(scores.length);
    let at = 0;
    for (const [s, score] of scores.entries()) {
      const next = async () => {
        const values = await allValues(context, score, at);
        at += score.reads.length;
        return values;
      };
      const id = await next();
      for (let set = 0; set < oods; set++) auroc[s]! += compareScores(id, await next()).auroc / oods;
    }
    return { auroc, best: Int32Array.of(placeOfLargest(auroc)) };
  },
});

async function allValues(context: ReadContext, score: ReadScore, first: number): Promise<number[]> {
  const all: number[] = [];
  for await (const { values } of scoreParts(context, score, first))
    for (let i = 0; i < values.length; i++) all.push(values[i]!);
  return all;
}
