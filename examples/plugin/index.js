import { definePlugin } from 'assay/plugin';
import { classRecall } from './class-recall.js';
import { headline } from './headline.js';
import { mirror } from './mirror.js';
import { nearestMean } from './nearest-mean.js';
import { pixelCsv } from './pixel-csv.js';
import { randomPoints } from './random-points.js';

/** A part of each of six kinds. A run file names it: `plugins: [assay-plugin-example]`. */
export const plugin = definePlugin({
  name: 'example',
  suites: [classRecall],
  attacks: [randomPoints],
  scores: [nearestMean],
  transforms: [mirror],
  dataFormats: [pixelCsv],
  renderers: [headline],
});
