import { type Static, Type } from '../config/type.js';
import { percentileOption, triedPercentiles } from './pruning.js';
import { scaledBySums } from './scaled-by-sums.js';
import { shapedEnergy } from './shaped-energy.js';

const options = Type.Object({ percentile: percentileOption(90) }, { additionalProperties: false });

export const ashS = shapedEnergy<Static<typeof options>>({
  id: 'ash-s',
  title: 'ASH-S',
  label: 'logsumexp of the largest features times exp(sum / sum of these)',
  source: 'Djurisic et al. 2023',
  options,
  // As OpenOOD tries them for ASH-B.
  grid: triedPercentiles,
  shape: (h, { percentile }) => scaledBySums(h, percentile, true),
});
