import type { LayerRow } from './row.js';

const NAMES = [
  ...['Dropout', 'SpatialDropout2D', 'AlphaDropout', 'GaussianDropout', 'GaussianNoise'],
  ...['ActivityRegularization', 'RandomFlip', 'RandomRotation', 'RandomZoom', 'RandomTranslation'],
  ...['RandomContrast', 'RandomBrightness'],
];

/** Layers that do nothing outside training. */
export const training: readonly LayerRow[] = NAMES.map((className) => ({
  className,
  trainingOnly: true,
  apply: (s) => s.x,
}));
