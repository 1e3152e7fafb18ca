import type { ConformalScore } from './score.js';

/** max over other classes of p - p_y. */
export const margin: ConformalScore = {
  name: 'margin',
  title: 'Margin',
  source: 'Löfström et al. 2015, Intelligent Data Analysis 19 (margin error function)',
  options: {},
  randomised: false,
  scores(p, _u, _settings, out) {
    for (let r = 0; r < p.length; r++) out[r] = (r === 0 ? (p[1] ?? 0) : p[0]!) - p[r]!;
  },
};
