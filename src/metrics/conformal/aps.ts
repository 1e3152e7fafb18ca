import type { ConformalScore } from './score.js';

/** The mass of all classes at least as likely as y, of which y itself counts (1 - u) p_y. */
export function sortedMass(p: Float64Array, u: number, out: Float64Array): void {
  let mass = 0;
  for (let r = 0; r < p.length; r++) {
    mass += p[r]!;
    out[r] = mass - u * p[r]!;
  }
}

export const aps: ConformalScore = {
  name: 'aps',
  title: 'APS',
  source: 'Romano, Sesia & Candès 2020, NeurIPS (adaptive prediction sets)',
  options: {},
  randomised: true,
  scores: (p, u, _settings, out) => sortedMass(p, u, out),
};
