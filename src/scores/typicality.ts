import { quantile } from '../metrics/estimates/intervals.js';
import { LOGIT_ROUNDING } from './rounding.js';
import { required, type Score, type ScoreInputs, statisticsOf } from './score.js';
import { allLogPx } from './whole-set.js';

const medianOf = (inputs: ScoreInputs) => statisticsOf(inputs, 'median').median[0]!;

/** Two-sided: an image whose log p(x) is above that of its kind is as little typical as one below. */
export const typicality: Score = {
  id: 'typicality',
  title: 'typicality',
  label: '-|log p(x) - its median over held-out images|',
  source: 'after Nalisnick et al. 2019',
  needs: ['logPx'],
  shifts: true,
  fit: {
    role: ['validation', 'train'],
    unlabelled: true,
    shapes: () => ({ median: [1] }),
    async statistics(parts) {
      return { median: Float64Array.of(quantile((await allLogPx(parts)).sort(), 0.5)) };
    },
  },
  compute: (inputs) => {
    const median = medianOf(inputs);
    return Float64Array.from(required(inputs.logPx, 'log p(x)'), (value) => -Math.abs(value - median));
  },
  // Both log p(x) of the image and the median may be off.
  rounding: (inputs) => {
    const median = medianOf(inputs);
    return Float64Array.from(
      required(inputs.logPx, 'log p(x)'),
      (value) => LOGIT_ROUNDING * (Math.abs(value) + Math.abs(median)),
    );
  },
};
