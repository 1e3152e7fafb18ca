import { LOGIT_ROUNDING, logitRounding, ofOneLogit, relativeRounding } from './rounding.js';
import { required, type Score } from './score.js';

export const logPx: Score = {
  id: 'log-px',
  title: 'log p(x)',
  label: 'log p(x), up to a constant',
  source: 'Grathwohl et al. 2019, eq. 8',
  needs: ['logPx'],
  shifts: true,
  compute: ({ logPx }) => Float64Array.from(required(logPx, 'log p(x)')),
  // Where there are logits it is their logsumexp, which may be small when they are large.
  rounding: (inputs, values) =>
    inputs.logits
      ? logitRounding(inputs.logits, values, ofOneLogit)
      : relativeRounding(values, LOGIT_ROUNDING),
  climbed: {
    needs: ['logPx'],
    classes: 0,
    chosen: true,
    value: ({ logPx }) => logPx,
    emit: ({ logPx }) => logPx,
  },
};
