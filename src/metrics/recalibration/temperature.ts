import { fitTemperature } from '../calibration/temperature.js';
import { logSoftmax } from '../softmax.js';
import type { Recalibrator } from './recalibrator.js';

/** softmax(f / T). */
export const temperature: Recalibrator = {
  name: 'temperature',
  title: 'Temperature scaling',
  source: 'Guo, Pleiss, Sun & Weinberger 2017, section 4.2',
  map(logits, labels) {
    const fit = fitTemperature(logits, labels);
    if (!fit.fitted) return { reason: fit.reason };
    return {
      apply: (given) => logSoftmax(given, fit.temperature),
      parameters: [{ name: 'T', values: [fit.temperature], interval: fit.interval }],
      iterations: fit.evaluations,
    };
  },
};
