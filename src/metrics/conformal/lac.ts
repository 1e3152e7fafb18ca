import type { ConformalScore } from './score.js';

/** 1 - p_y: the smallest sets on average, uneven coverage. */
export const lac: ConformalScore = {
  name: 'lac',
  title: 'LAC',
  source: 'Sadinle, Lei & Wasserman 2019, JASA 114 (least ambiguous set-valued classifiers)',
  options: {},
  randomised: false,
  scores(p, _u, _settings, out) {
    for (let r = 0; r < p.length; r++) out[r] = 1 - p[r]!;
  },
};
