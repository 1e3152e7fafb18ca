import { AssayError } from '../../errors.js';
import type { System } from '../../models/system.js';
import type { Score, ScoreOptions, Statistics } from '../../scores/score.js';
import { variantOf } from '../chosen-scores.js';
import type { Rows } from '../columns.js';
import { refusing } from '../refused.js';
import { seenOf, toCompute } from './read-by-score.js';

/** What is at hand of some images when a score of them is computed. */
export interface Scoring {
  row: Score;
  system: Pick<System, 'info' | 'lastLayer'>;
  /** Source indices. */
  indices: Int32Array;
  /** Of the requests that `readRequests` gives. */
  rows: readonly Rows[];
  statistics: Statistics | undefined;
}

/** (n) The score of each image, and how far each may be off for rounding. Errors: `Refused` for a NaN, and where it cannot be computed. */
export async function scoredImages(
  { row, system, indices, rows, statistics }: Scoring,
  options: ScoreOptions,
): Promise<{ score: Float64Array; rounding: Float64Array }> {
  const reading = toCompute(row);
  const inputs = {
    n: indices.length,
    ...seenOf(reading, rows),
    ...(reading.needs.includes('lastLayer') && { lastLayer: system.lastLayer }),
    ...(statistics && { statistics }),
  };
  return refusing(variantOf(row, options).title, () => {
    const score = row.compute(inputs, options);
    const nan = score.findIndex(Number.isNaN);
    if (nan >= 0)
      throw new AssayError('data-invalid', 'a score is NaN', {
        path: `example ${indices[nan]}`,
        hint: 'leave the score out for this model',
      });
    return { score, rounding: row.rounding(inputs, score, options) };
  });
}
