import { setImmediate } from 'node:timers/promises';
import { AssayError } from '../../errors.js';
import type { System } from '../../models/system.js';
import type { Score, ScoreInputs, ScoreOptions, Statistics } from '../../scores/score.js';
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

/** Images that are scored at a time: a nearest-neighbour score of so many takes half a second, and others want to be heard. */
const AT_ONCE = 32;

/** (n) The score of each image, and how far each may be off for rounding. Errors: `Refused` for a NaN, and where it cannot be computed. */
export async function scoredImages(
  { row, system, indices, rows, statistics }: Scoring,
  options: ScoreOptions,
): Promise<{ score: Float64Array; rounding: Float64Array }> {
  const reading = toCompute(row);
  const n = indices.length;
  const inputs: ScoreInputs = {
    n,
    ...seenOf(reading, rows),
    ...(reading.needs.includes('lastLayer') && { lastLayer: system.lastLayer }),
    ...(statistics && { statistics }),
  };
  const [score, rounding] = [new Float64Array(n), new Float64Array(n)];
  await refusing(variantOf(row, options).title, async () => {
    // Without images it is asked once too: whether it can be computed does not depend on them.
    for (let start = 0; start === 0 || start < n; start += AT_ONCE) {
      if (start > 0) await setImmediate();
      const part = someImages(inputs, start, Math.min(n, start + AT_ONCE));
      const values = row.compute(part, options);
      const nan = values.findIndex(Number.isNaN);
      if (nan >= 0)
        throw new AssayError('data-invalid', 'a score is NaN', {
          path: `example ${indices[start + nan]}`,
          hint: 'leave the score out for this model',
        });
      score.set(values, start);
      rounding.set(row.rounding(part, values, options), start);
    }
  });
  return { score, rounding };
}

/** What is said of images `start` to `end`. */
function someImages(inputs: ScoreInputs, start: number, end: number): ScoreInputs {
  const n = end - start;
  const rowsOf = (data: ArrayLike<number>): ArrayLike<number> => {
    const width = inputs.n === 0 ? 0 : data.length / inputs.n;
    const cut = [start * width, end * width] as const;
    return ArrayBuffer.isView(data)
      ? (data as Float64Array).subarray(...cut)
      : Array.from(data).slice(...cut);
  };
  const { logits, logPx, logPxGradientNorm, features, probed } = inputs;
  return {
    ...inputs,
    n,
    ...(logits && { logits: { ...logits, n, data: rowsOf(logits.data) } }),
    ...(features && { features: { ...features, n, data: rowsOf(features.data) } }),
    ...(logPx && { logPx: rowsOf(logPx) }),
    ...(logPxGradientNorm && { logPxGradientNorm: rowsOf(logPxGradientNorm) }),
    ...(probed && {
      probed: Object.fromEntries(Object.entries(probed).map(([k, data]) => [k, rowsOf(data)])),
    }),
  };
}
