import type { DatasetInfo } from '../dataset.js';

/** How many frames there are of every image, in all sequences together. */
export const framesOf = (sequences: NonNullable<DatasetInfo['sequences']>): number =>
  sequences.reduce((sum, { frames }) => sum + frames, 0);
