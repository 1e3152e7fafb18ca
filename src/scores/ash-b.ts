import { type Static, Type } from '../config/type.js';
import { maskedSum, percentileOption, prunedMask, triedPercentiles } from './pruning.js';
import { shapedEnergy } from './shaped-energy.js';

const options = Type.Object({ percentile: percentileOption(90) }, { additionalProperties: false });

export const ashB = shapedEnergy<Static<typeof options>>({
  id: 'ash-b',
  title: 'ASH-B',
  label: 'logsumexp of the largest features, each the sum of all over their number, the others 0',
  source: 'Djurisic et al. 2023',
  options,
  // As OpenOOD tries them.
  grid: triedPercentiles,
  shape(h, { percentile }) {
    const mask = prunedMask(h, percentile);
    const kept = mask.reduce((sum, one) => sum + one, 0);
    const fill = h.reduce((sum, v) => sum + v, 0) / kept;
    return {
      h: h.map((_, j) => (mask[j] ? fill : 0)),
      // Every feature moves the fill alike.
      slope: (g) => (h.length / kept) * Math.abs(maskedSum(g, mask)),
    };
  },
});
