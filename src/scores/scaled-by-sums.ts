import { length1 } from '../metrics/linear-algebra/matrix.js';
import { maskedSum, prunedMask } from './pruning.js';
import type { Shaped } from './shaped-energy.js';

/**
 * Features times exp(s1 / s2): s1 the sum of all, s2 that of the largest; all of them, or with `pruned` the largest only.
 * Where features can be negative (a leaky activation) the ratio can be too, as in the public code; it is 0 where s2 is.
 */
export function scaledBySums(h: Float64Array, percentile: number, pruned: boolean): Shaped {
  const mask = prunedMask(h, percentile);
  const s1 = h.reduce((sum, v) => sum + v, 0);
  const s2 = maskedSum(h, mask);
  const ratio = s2 === 0 ? 0 : s1 / s2;
  const scale = Math.exp(ratio);
  const base = pruned ? h.map((v, j) => (mask[j] ? v : 0)) : h;
  return {
    h: base.map((v) => v * scale),
    slope(g) {
      let along = 0;
      for (let j = 0; j < h.length; j++) along += g[j]! * base[j]!;
      return length1(
        g.map((v, j) => {
          const own = pruned && !mask[j] ? 0 : v;
          const turn = s2 === 0 ? 0 : 1 / s2 - (mask[j] ? s1 / s2 ** 2 : 0);
          return scale * (own + along * turn);
        }),
      );
    },
  };
}
