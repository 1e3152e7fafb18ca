import { splitInceptionScores } from '../../metrics/samples/inception-score.js';
import type { ExampleStatistic, TwoSampleStatistic } from './statistic.js';

const meanOfAll = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Generated images, and samples against others. */
export const ofSamples: readonly (ExampleStatistic | TwoSampleStatistic)[] = [
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
