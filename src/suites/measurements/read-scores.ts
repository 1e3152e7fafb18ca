import type { ScoreOptions } from '../../scores/score.js';
import type { NdArray, Rows } from '../columns.js';
import type { MeasureContext, RowsPart } from '../contract.js';

/** A score of a data set, and which rows of an aggregate's `reference` say what it is. */
export interface ReadScore {
  /** Id of its row. */
  score: string;
  options: ScoreOptions;
  /** The score itself, as measured; or what it is computed from: outputs, norms of the gradient, or both. */
  reads: readonly ('measured' | 'outputs' | 'gradients')[];
}

export type ReadContext = Pick<MeasureContext, 'parts' | 'catalogue'>;

/** Scores of some images. */
export type ScorePart = Pick<RowsPart, 'indices' | 'positions'> & { values: ArrayLike<number> };

/**
 * The scores of a data set, part by part, in its order. An example that failed for one of what is read is left out.
 * @param first which of `reference` is the first that is read for it
 */
export async function* scoreParts(
  { parts, catalogue }: ReadContext,
  { score, options, reads }: ReadScore,
  first: number,
): AsyncGenerator<ScorePart> {
  // The units of gradients and outputs differ in size: one number an image is held for all.
  const norms = reads.length > 1 ? await normsOf(parts(first + reads.indexOf('gradients'))) : undefined;
  const { compute } = catalogue.scores.named(score);
  for await (const { rows, indices, positions } of parts(first)) {
    const { score: measured, logits, logPx, logPxGradientNorm }: Partial<Rows> = rows;
    const values =
      measured?.data ??
      compute(
        {
          n: indices.length,
          ...(logits && { logits: tableOf(logits) }),
          ...(logPx && { logPx: logPx.data }),
          ...(logPxGradientNorm && { logPxGradientNorm: logPxGradientNorm.data }),
          ...(norms && { logPxGradientNorm: Float64Array.from(indices, (i) => norms.get(i) ?? Number.NaN) }),
        },
        options,
      );
    const known = norms ? [...indices.keys()].filter((i) => norms.has(indices[i]!)) : undefined;
    yield known
      ? {
          indices: Int32Array.from(known, (i) => indices[i]!),
          positions: Int32Array.from(known, (i) => positions[i]!),
          values: known.map((i) => values[i]!),
        }
      : { indices, positions, values };
  }
}

const tableOf = ({ shape, data }: NdArray) => ({ n: shape[0]!, classes: shape[1]!, data });

async function normsOf(gradients: AsyncIterable<RowsPart>): Promise<ReadonlyMap<number, number>> {
  const norms = new Map<number, number>();
  for await (const { rows, indices } of gradients)
    indices.forEach((index, i) => {
      norms.set(index, rows.logPxGradientNorm!.data[i]!);
    });
  return norms;
}
