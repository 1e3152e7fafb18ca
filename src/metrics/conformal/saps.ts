import { Type } from '../../config/type.js';
import type { ConformalScore } from './score.js';

const weight = Type.Number({ minimum: 0, default: 0.2, description: 'what each rank after the first adds' });

/**
 * Of all probabilities only the largest counts: (1 - u) p_max for rank 1, p_max + w (rank - 1 - u) for the others. The
 * paper draws 1 - u.
 */
export const saps: ConformalScore = {
  name: 'saps',
  title: 'SAPS',
  source: 'Huang et al. 2024, ICML, eq. 6 (sorted adaptive prediction sets)',
  options: { weight },
  randomised: true,
  scores(p, u, { weight: w }, out) {
    for (let r = 0; r < p.length; r++) out[r] = r === 0 ? (1 - u) * p[0]! : p[0]! + w! * (r - u);
  },
};

/**
 * As TorchCP 1.2 computes it: in calibration, a label of rank 1 scores u p_max, which is 0 where nothing is drawn, while
 * sets are made with (1 - u) p_max. Randomised, both have one distribution; otherwise coverage falls below 1 - alpha.
 */
export const sapsTorchcp: ConformalScore = {
  ...saps,
  name: 'saps-torchcp',
  title: 'SAPS, as TorchCP',
  source: 'TorchCP 1.2.1, for comparison with its values',
  ofLabel: (rank, p, u, { weight: w }) => (rank === 0 ? u * p[0]! : p[0]! + w! * (rank - u)),
};
