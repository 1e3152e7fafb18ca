import { logSoftmax } from '../softmax.js';
import { fitWithOdir } from './odir.js';
import type { Recalibrator } from './recalibrator.js';

/** softmax(W log p + b): matrix scaling of log-probabilities, which do not depend on a constant in the logits. */
export const dirichlet: Recalibrator = {
  name: 'dirichlet',
  title: 'Dirichlet calibration, ODIR',
  source: 'Kull, Perello-Nieto, Kängsepp, Silva Filho, Song & Flach 2019, section 4',
  map: (logits, labels) => fitWithOdir(logits, labels, (given) => ({ ...given, data: logSoftmax(given) })),
};
