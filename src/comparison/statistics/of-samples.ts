import { frechetDistance } from '../../metrics/samples/frechet.js';
import { splitInceptionScores } from '../../metrics/samples/inception-score.js';
import { drawnKernelDistance, kernelDistance } from '../../metrics/samples/kernel-distance.js';
import { type FeatureTable, momentsOf } from '../../metrics/samples/moments.js';
import type { DetectionStatistic, ExampleStatistic, TwoSampleStatistic } from './statistic.js';

const meanOfAll = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;

const tableOf = (features: Float64Array, n: number): FeatureTable => ({
  n,
  width: features.length / n,
  data: features,
});

/** Each takes a decomposition, or as many products as there are pairs. */
const FEW = 200;

/** Generated images, and samples against others. */
export const ofSamples: readonly (ExampleStatistic | TwoSampleStatistic | DetectionStatistic)[] = [
  {
    kind: 'detection',
    name: 'frechet-distance',
    roles: ['features'],
    test: 'paired-bootstrap',
    resamples: FEW,
    of: (own, real) => (timesOwn, timesReal) =>
      frechetDistance(
        momentsOf(tableOf(own.features, timesOwn.length), timesOwn),
        momentsOf(tableOf(real.features, timesReal.length), timesReal),
      ),
  },
  {
    kind: 'detection',
    name: 'kernel-distance',
    roles: ['features'],
    test: 'paired-bootstrap',
    resamples: FEW,
    of(own, real) {
      let drawn: ReturnType<typeof drawnKernelDistance> | undefined;
      return (timesOwn, timesReal) => {
        const [a, b] = [tableOf(own.features, timesOwn.length), tableOf(real.features, timesReal.length)];
        const once = (times: Uint8Array) => times.every((count) => count === 1);
        if (once(timesOwn) && once(timesReal)) return kernelDistance(a, b).value;
        drawn ??= drawnKernelDistance(a, b);
        return drawn(timesOwn, timesReal);
      };
    },
  },
  {
    kind: 'two-sample',
    name: 'mean-difference',
    roles: ['value'],
    test: 'paired-bootstrap',
    of: (values, against) => meanOfAll(values) - meanOfAll(against),
  },
  {
    kind: 'examples',
    name: 'inception-score',
    roles: ['logits'],
    options: ['splits'],
    own: ['classes'],
    test: 'paired-bootstrap',
    of({ logits }, { splits, classes }) {
      const table = { n: logits.length / Number(classes), classes: Number(classes), data: logits };
      return (times) => {
        const parts = splitInceptionScores(table, Number(splits), times);
        return parts.reduce((sum, score) => sum + score, 0) / parts.length;
      };
    },
  },
];
