import { type Static, Type } from '../config/type.js';
import { quantile } from '../metrics/estimates/intervals.js';
import { meanFeatures } from './mean-features.js';
import { required, statisticsOf } from './score.js';
import { shapedEnergy } from './shaped-energy.js';

const options = Type.Object(
  {
    percentile: Type.Number({
      minimum: 0,
      maximum: 100,
      default: 90,
      description: 'Percentile of mean contributions, W times the mean feature, up to which weights are 0.',
    }),
  },
  { additionalProperties: false },
);

export const dice = shapedEnergy<Static<typeof options>>({
  id: 'dice',
  title: 'DICE',
  label: 'logsumexp of logits of the weights that contribute most',
  source: 'Sun & Li 2022',
  options,
  grid: [10, 30, 50, 70, 90].map((percentile) => ({ percentile })),
  fit: {
    role: ['train', 'validation'],
    unlabelled: true,
    needs: ['features', 'lastLayer'],
    shapes: ({ width, classes }) => ({ weight: [classes, width] }),
    async statistics(parts, { width, lastLayer }, { percentile }) {
      const { weight } = required(lastLayer, 'last layer');
      const mean = await meanFeatures(parts, width);
      const contributions = Float64Array.from(weight, (w, at) => w * mean[at % width]!);
      const least = quantile(contributions.slice().sort(), percentile / 100);
      return { weight: contributions.map((value, at) => (value > least ? weight[at]! : 0)) };
    },
  },
  weight: (inputs) => statisticsOf(inputs, 'weight').weight,
});
