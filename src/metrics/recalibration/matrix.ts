import { fitWithOdir } from './odir.js';
import type { Recalibrator } from './recalibrator.js';

/** softmax(W f + b). The model's answers may change. */
export const matrix: Recalibrator = {
  name: 'matrix',
  title: 'Matrix scaling, ODIR',
  source: 'Guo et al. 2017, section 4.2, with ODIR of Kull et al. 2019, section 4.1',
  map: (logits, labels) => fitWithOdir(logits, labels, (given) => given),
};
