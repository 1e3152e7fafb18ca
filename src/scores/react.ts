import { type Static, Type } from '../config/type.js';
import { length1 } from '../metrics/linear-algebra/matrix.js';
import { activationPercentiles } from './activation-percentiles.js';
import { statisticsOf } from './score.js';
import { shapedEnergy } from './shaped-energy.js';

const options = Type.Object(
  {
    percentile: Type.Number({
      minimum: 0,
      maximum: 100,
      default: 90,
      description: 'Percentile of all activations of all training images above which features are cut.',
    }),
  },
  { additionalProperties: false },
);

export const react = shapedEnergy<Static<typeof options>>({
  id: 'react',
  title: 'ReAct',
  label: 'logsumexp of features cut above a percentile',
  source: 'Sun et al. 2021',
  options,
  grid: [85, 90, 95, 99].map((percentile) => ({ percentile })),
  fit: {
    role: ['train', 'validation'],
    unlabelled: true,
    needs: ['features'],
    shapes: () => ({ clip: [1] }),
    async statistics(parts, _, { percentile }) {
      return { clip: await activationPercentiles(parts, [percentile]) };
    },
  },
  shape(h, _, inputs) {
    const top = statisticsOf(inputs, 'clip').clip[0]!;
    return {
      h: h.map((v) => Math.min(v, top)),
      slope: (g) => length1(g.map((v, j) => (h[j]! < top ? v : 0))),
    };
  },
});
