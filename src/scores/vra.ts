import { type Static, Type } from '../config/type.js';
import { length1 } from '../metrics/linear-algebra/matrix.js';
import { activationPercentiles } from './activation-percentiles.js';
import { refuseDisorder } from './in-order.js';
import { statisticsOf } from './score.js';
import { shapedEnergy } from './shaped-energy.js';

const percentile = (usual: number, description: string) =>
  Type.Number({ minimum: 0, maximum: 100, default: usual, description });
const options = Type.Object(
  {
    low: percentile(10, 'Percentile of all activations of all images below which features are raised to it.'),
    high: percentile(90, 'Percentile above which they are cut.'),
  },
  { additionalProperties: false },
);

export const vra = shapedEnergy<Static<typeof options>>({
  id: 'vra',
  title: 'VRA',
  label: 'logsumexp of features clipped to two percentiles',
  source: 'Xu et al. 2023, as OpenOOD has it',
  options,
  fit: {
    role: ['validation', 'train'],
    unlabelled: true,
    needs: ['features'],
    shapes: () => ({ clip: [2] }),
    async statistics(parts, _, { low, high }) {
      refuseDisorder({ low, high }, 'low', 'high');
      return { clip: await activationPercentiles(parts, [low, high]) };
    },
  },
  shape(h, _, inputs) {
    const { clip } = statisticsOf(inputs, 'clip');
    const [low, high] = [clip[0]!, clip[1]!];
    return {
      h: h.map((v) => Math.min(Math.max(v, low), high)),
      slope: (g) => length1(g.map((v, j) => (h[j]! > low && h[j]! < high ? v : 0))),
    };
  },
});
