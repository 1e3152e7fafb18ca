import { Type } from '../../config/type.js';
import { sortedMass } from './aps.js';
import type { ConformalScore } from './score.js';

/** APS + lambda max(0, rank - kreg), ranks from 1. */
export const raps: ConformalScore = {
  name: 'raps',
  title: 'RAPS',
  source: 'Angelopoulos, Bates, Malik & Jordan 2021, ICLR (regularised APS)',
  options: {
    lambda: Type.Number({ minimum: 0, default: 0.01, description: 'what each rank beyond `kreg` adds' }),
    kreg: Type.Integer({ minimum: 0, default: 5, description: 'ranks that add nothing' }),
  },
  randomised: true,
  scores(p, u, { lambda, kreg }, out) {
    sortedMass(p, u, out);
    for (let r = 0; r < p.length; r++) out[r]! += lambda! * Math.max(0, r + 1 - kreg!);
  },
};
