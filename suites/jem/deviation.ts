import type { Estimate } from '../../src/metrics.js';
import type { Measure, MeasureRows } from '../../src/suite.js';

/** A number as the public code gives it and as it should be, and what lies between. */
export interface Compared {
  /** For people: `AUROC of svhn by log p(x)`. */
  title: string;
  /** Of the measure: what tells it apart. */
  params: Measure['params'];
  format: Measure['format'];
  better: Measure['better'];
  system: string;
  published: { estimate: Estimate; rows: MeasureRows };
  corrected: { estimate: Estimate; rows: MeasureRows };
  deviations: Deviation[];
  /** One that the panel shows; all are in the folded table. */
  shown: boolean;
}

export type DeviationName = keyof typeof deviationTitles;

/** What the public code does otherwise, in the order in which it is left out. */
export const deviationTitles = {
  'double-noise': 'noise a second time on interpolations',
  'image-size': 'photographs are scaled by their shorter side, and larger than the images of the network',
  'train-mode-batch-norm': 'batch normalisation in training mode',
  'noise-on-input': 'noise on every image',
  'clean-errors-skipped': 'images that are wrong when clean are not counted',
  'last-restart': 'the last restart is kept, not the best',
  'one-draw-verdict': 'one draw decides that an image is broken',
  'least-distance-search':
    'a search for the least distance in place of a sweep of radii with averaged gradients',
  'straight-through-gradient': 'gradients pass the sampler as if it were not there',
} as const;

/** What one difference is worth: the number with it minus the number without, all else being equal. */
export interface Deviation {
  name: DeviationName;
  with: number;
  without: number;
  difference: Estimate;
}
