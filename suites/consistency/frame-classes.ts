import { framesOf, type Sequence, sequences as table } from '../../src/data.js';
import type { PredictedClassRows, SequenceRows } from '../../src/measurements.js';
import type { Collected, DatasetInfo } from '../../src/suite.js';

/** The class of every frame of one sequence, of all images. */
export interface FrameClasses extends Pick<Sequence, 'against'> {
  name: string;
  frames: number;
  data: ArrayLike<number>;
  /** Where in `data` the frames of an image begin. */
  start(image: number): number;
}

/** Of sequences that were made of images, each measured for itself. */
export const ofMade = (
  names: readonly string[],
  rows: readonly Collected<SequenceRows>[],
): { indices: Int32Array; sequences: FrameClasses[] } => ({
  indices: rows[0]!.indices,
  sequences: names.map((name, s) => {
    const { shape, data } = rows[s]!.rows.classes;
    const frames = shape[1]!;
    return {
      ...{ name, frames, data },
      against: table.get(name)?.against ?? 'previous',
      start: (image) => image * frames,
    };
  }),
});

/**
 * Of published sequences, whose frames are the examples: of the images whose frames are all there. As in the published code,
 * frames of noise are compared with the first, others with the one before.
 */
export function ofPublished(
  published: NonNullable<DatasetInfo['sequences']>,
  { indices, rows }: Collected<PredictedClassRows>,
): { indices: Int32Array; sequences: FrameClasses[] } {
  const each = framesOf(published);
  // Indices ascend: where the last frame of an image is as far on as it would be, all of them are there.
  const starts = Int32Array.from(
    Array.from(indices.keys()).filter(
      (at) => indices[at]! % each === 0 && indices[at + each - 1] === indices[at]! + each - 1,
    ),
  );
  return {
    indices: starts.map((at) => indices[at]!),
    sequences: published.map(({ name, frames }, s) => {
      const before = framesOf(published.slice(0, s));
      return {
        ...{ name, frames, data: rows.class.data },
        against: name.includes('noise') ? 'first' : 'previous',
        start: (image) => starts[image]! + before,
      };
    }),
  };
}
