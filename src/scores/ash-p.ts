import { type Static, Type } from '../config/type.js';
import { length1 } from '../metrics/linear-algebra/matrix.js';
import { percentileOption, prunedMask, triedPercentiles } from './pruning.js';
import { shapedEnergy } from './shaped-energy.js';

const options = Type.Object({ percentile: percentileOption(90) }, { additionalProperties: false });

export const ashP = shapedEnergy<Static<typeof options>>({
  id: 'ash-p',
  title: 'ASH-P',
  label: 'logsumexp of the largest features, the others 0',
  source: 'Djurisic et al. 2023',
  options,
  // As OpenOOD tries them for ASH-B.
  grid: triedPercentiles,
  shape(h, { percentile }) {
    const mask = prunedMask(h, percentile);
    const kept = (of: Float64Array) => of.map((v, j) => (mask[j] ? v : 0));
    return { h: kept(h), slope: (g) => length1(kept(g)) };
  },
});
