import { AssayError } from '../errors.js';
import { logSoftmax } from '../metrics/softmax.js';
import { fitTemperature } from '../metrics/temperature.js';
import { logitRounding, ofProbability } from './rounding.js';
import { topTwo } from './rows.js';
import { logitsOf, required, type Score, type ScoreInputs } from './score.js';
import { allLogits } from './whole-set.js';

const temperatureOf = ({ statistics }: ScoreInputs) => required(statistics, 'statistics').temperature[0];

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
      if (fitted.fitted) return { temperature: Float64Array.of(fitted.temperature) };
      throw new AssayError('data-invalid', `no temperature can be fitted: ${fitted.reason}`, {
        found: `${fitted.n} labelled images`,
        hint: 'give a larger data set with `role: validation`, or leave the score out',
      });
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
    return logitRounding(logitsOf(inputs), values, () => ofProbability(values[i++]) / temperature);
  },
};
