import { AssayError } from '../errors.js';
import { fitTemperature, TEMPERATURE_BOUNDS } from '../metrics/calibration/temperature.js';
import { type Logits, logSoftmax } from '../metrics/softmax.js';
import { logitRounding, ofProbability } from './rounding.js';
import { topTwo } from './rows.js';
import { logitsOf, type Score, type ScoreInputs, statisticsOf } from './score.js';
import { allLogits } from './whole-set.js';

const temperatureOf = (inputs: ScoreInputs) => statisticsOf(inputs, 'temperature').temperature[0]!;

/**
 * Of the ends of the range of temperatures the one with the smaller NLL: where the NLL falls all the way to it, since every
 * answer is right or none better than chance, it is the best of the range. Errors: `data-invalid` without images.
 */
function atBound(logits: Logits, labels: Int32Array): number {
  if (logits.n === 0) throw new AssayError('data-invalid', 'there is no image to fit a temperature to');
  const nll = (temperature: number) => {
    const logP = logSoftmax(logits, temperature);
    return labels.reduce((sum, y, i) => sum - logP[i * logits.classes + y]!, 0);
  };
  const [low, high] = TEMPERATURE_BOUNDS;
  return nll(low) < nll(high) ? low : high;
}

export const tempScaledMsp: Score = {
  id: 'temp-scaled-msp',
  title: 'temperature-scaled max softmax',
  label: 'max softmax(f / T)',
  source: 'Guo et al. 2017',
  needs: ['logits'],
  fit: {
    role: ['validation', 'train'],
    shapes: () => ({ temperature: [1] }),
    async statistics(parts, { classes }) {
      const { logits, labels } = await allLogits(parts, classes);
      const fitted = fitTemperature(logits, labels);
      return { temperature: Float64Array.of(fitted.fitted ? fitted.temperature : atBound(logits, labels)) };
    },
  },
  compute: (inputs) => {
    const { n, classes, data } = logitsOf(inputs);
    const logP = logSoftmax({ n, classes, data }, temperatureOf(inputs));
    return Float64Array.from({ length: n }, (_, i) =>
      Math.exp(topTwo(logP.subarray(i * classes, (i + 1) * classes))[0]),
    );
  },
  rounding: (inputs, values) => {
    const temperature = temperatureOf(inputs);
    let i = 0;
    // Rows come in order.
    return logitRounding(logitsOf(inputs), values, () => ofProbability(values[i++]!) / temperature);
  },
};
