import { type Static, Type } from '../config/type.js';
import { percentileOption, triedPercentiles } from './pruning.js';
import { scaledBySums } from './scaled-by-sums.js';
import { shapedEnergy } from './shaped-energy.js';

const options = Type.Object({ percentile: percentileOption(85) }, { additionalProperties: false });

export const scale = shapedEnergy<Static<typeof options>>({
  id: 'scale',
  title: 'SCALE',
  label: 'logsumexp of features times exp(sum / sum of the largest)',
  source: 'Xu et al. 2024',
  options,
  // As OpenOOD tries them.
  grid: triedPercentiles,
  shape: (h, { percentile }) => scaledBySums(h, percentile, false),
});
