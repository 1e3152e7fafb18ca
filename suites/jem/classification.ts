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
  const values = (times: Uint8Array) => errors.map((error) => error(times));
  const differences = (times: Uint8Array) => {
    const drawn = values(times);
    return drawn.slice(1).map((value, i) => drawn[i]! - value);
  };
  /** Numbers of this kind, by their places, of which one image adds as much as the gap at most. */
  const named = (
    kind: 'value' | 'difference',
    of: (times: Uint8Array) => number[],
    gap: number,
    within: readonly [number, number],
  ) => ({
    of: (times: Uint8Array): Record<string, number> =>
      Object.fromEntries(of(times).map((value, i) => [`${kind} ${i}`, value])),
    centred: all.map((_, i) => `${kind} ${i}`),
    gaps: Object.fromEntries(all.map((_, i) => [`${kind} ${i}`, gap])),
    within,
  });
  const estimates = jointBootstrap(
    n,
    [named('value', values, 1, [0, 1]), named('difference', differences, 2, [-1, 1])],
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
