import {
  drawnBinSums,
  ece,
  equalWidth,
  jointBootstrap,
  pairedCounts,
  shareDifference,
  wilson,
} from '../../src/metrics.js';
import type { MeasureRows } from '../../src/suite.js';
import type { Compared, Deviation } from './deviation.js';
import type { Scored } from './scored.js';

/** What the test set looks like to the systems: train mode (where there is one), published, plain. */
export interface OnTest {
  trainMode?: Scored;
  published: Scored;
  model: Scored;
}

interface Settings {
  bins: number;
  resamples: number;
  seed: number;
  sheet: string;
}

/** Pairs of which the first has what the second has not, and which difference that is. */
export const conventionsOf = ({ trainMode, published, model }: OnTest) => [
  ...(trainMode ? [{ name: 'train-mode-batch-norm' as const, with: trainMode, without: published }] : []),
  { name: 'noise-on-input' as const, with: published, without: model },
];

const rowsOf = (
  { system, dataset }: Scored,
  sheet: string,
  rest: Pick<MeasureRows, 'statistic' | 'columns' | 'options'>,
): MeasureRows => ({ sheet, where: { model: system.name, dataset: dataset.name }, ...rest });

/** Accuracy, differences with Newcombe's paired interval. */
export function accuracy(on: OnTest, { sheet }: Settings): Compared {
  const outcomes = ({ correct = new Uint8Array(0) }: Scored) => correct;
  const of = (one: Scored) => {
    const right = outcomes(one);
    return {
      estimate: wilson(right.filter((v) => v === 1).length, right.length),
      rows: rowsOf(one, sheet, { statistic: 'share', columns: { outcome: 'correct' } }),
    };
  };
  const first = on.trainMode ?? on.published;
  return {
    title: 'Accuracy',
    params: { quantity: 'accuracy' },
    format: 'percent',
    better: 'higher',
    system: on.model.system.name,
    published: of(first),
    corrected: of(on.model),
    shown: true,
    deviations: conventionsOf(on).map((step) =>
      shares(step.name, outcomes(step.with), outcomes(step.without)),
    ),
  };
}

/** The difference of two shares of the same examples. */
export function shares(name: Deviation['name'], a: Uint8Array, b: Uint8Array): Deviation {
  const share = (values: Uint8Array) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const { value, interval } = shareDifference(pairedCounts(a, b));
  return {
    name,
    with: share(a),
    without: share(b),
    difference: { value, interval, n: a.length, level: 0.95, method: interval ? 'newcombe' : 'none' },
  };
}

/** ECE in bins of equal width; the systems are resampled together. */
export function calibration(on: OnTest, { bins, resamples, seed, sheet }: Settings): Compared {
  const all = [...(on.trainMode ? [on.trainMode] : []), on.published, on.model];
  const n = on.model.indices.length;
  const errors = all.map(({ confidence = new Float64Array(0), correct = new Uint8Array(0) }) => {
    const sums = drawnBinSums(equalWidth(confidence, bins), confidence, correct);
    return (times: Uint8Array) => ece(sums(times));
  });
  const named = (kind: string, values: readonly number[]): Record<string, number> =>
    Object.fromEntries(values.map((value, i) => [`${kind} ${i}`, value]));
  const differences = (times: Uint8Array): number[] => {
    const values = errors.map((error) => error(times));
    return values.slice(1).map((value, i) => values[i]! - value);
  };
  const [ofValues, ofDifferences] = [
    named(
      'value',
      all.map(() => 1),
    ),
    named(
      'difference',
      all.map(() => 2),
    ),
  ];
  const estimates = jointBootstrap(
    n,
    [
      {
        of: (times: Uint8Array) =>
          named(
            'value',
            errors.map((error) => error(times)),
          ),
        centred: Object.keys(ofValues),
        gaps: ofValues,
        within: [0, 1],
      },
      {
        of: (times: Uint8Array) => named('difference', differences(times)),
        centred: Object.keys(ofDifferences),
        gaps: ofDifferences,
        within: [-1, 1],
      },
    ],
    { seed, resamples, purpose: 'bootstrap/jem-ece' },
  );
  const of = (i: number) => ({
    estimate: estimates[`value ${i}`]!,
    rows: rowsOf(all[i]!, sheet, {
      statistic: 'ece',
      columns: { confidence: 'confidence', outcome: 'correct' },
      options: { bins },
    }),
  });
  return {
    title: `ECE, ${bins} bins`,
    params: { quantity: 'ece', bins },
    format: 'percent',
    better: 'lower',
    system: on.model.system.name,
    published: of(0),
    corrected: of(all.length - 1),
    shown: true,
    deviations: conventionsOf(on).map(({ name }, i) => ({
      name,
      with: estimates[`value ${i}`]!.value,
      without: estimates[`value ${i + 1}`]!.value,
      difference: estimates[`difference ${i}`]!,
    })),
  };
}
