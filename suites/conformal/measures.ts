import type { Estimate } from '../../src/metrics.js';
import { type Measure, type MeasureDescription, measure } from '../../src/suite.js';
import type { AtAlpha, ConformalResult, Labelled } from './result.js';
import { rowsOf } from './sheet.js';

type Kind = Pick<MeasureDescription, 'better' | 'format'> & {
  measure: string;
  /** What stands before the score and the level. */
  title: string;
  of: (at: AtAlpha) => Estimate;
  rows: Omit<Parameters<typeof rowsOf>[2], 'options'>;
  /** The statistic reads alpha. */
  gap?: true;
};

/** What is measured of every set, and of the labels that sets hold. */
const OF_SETS: readonly Kind[] = [
  {
    measure: 'mean-set-size',
    title: 'Set size',
    better: 'lower',
    format: 'number',
    of: ({ size }) => size,
    rows: { statistic: 'mean', columns: { value: 'size' } },
  },
  {
    measure: 'empty-sets',
    title: 'Empty sets',
    better: 'none',
    format: 'percent',
    of: ({ empty }) => empty,
    rows: { statistic: 'share', columns: { outcome: { column: 'size', is: 0 } } },
  },
];

const share = (column: string, where?: Record<string, number | boolean>): Kind['rows'] => ({
  statistic: 'share',
  columns: { outcome: column },
  ...(where && { where }),
});

const ofLabels: readonly (Omit<Kind, 'of' | 'format'> & { of: (labelled: Labelled) => Estimate })[] = [
  {
    measure: 'coverage',
    title: 'Coverage',
    better: 'none',
    of: ({ coverage }) => coverage,
    rows: share('covered'),
  },
  {
    measure: 'singleton-hit-ratio',
    title: 'Sets that are the label alone',
    better: 'higher',
    of: ({ singletonHits }) => singletonHits,
    rows: share('singleton_hit'),
  },
  {
    measure: 'singleton-accuracy',
    title: 'Accuracy where the set has one class',
    better: 'higher',
    of: ({ singletonAccuracy }) => singletonAccuracy,
    rows: share('covered', { size: 1 }),
  },
  {
    measure: 'worst-slab-coverage',
    title: 'Worst-slab coverage',
    better: 'higher',
    of: ({ worstSlab }) => worstSlab,
    rows: share('covered', { slab: true }),
  },
  {
    measure: 'size-stratified-violation',
    title: 'Size-stratified coverage violation',
    better: 'lower',
    of: ({ sizeStratified }) => sizeStratified,
    rows: { statistic: 'size-stratified-violation', columns: { value: 'size', outcome: 'covered' } },
    gap: true,
  },
  {
    measure: 'class-coverage-gap',
    title: 'Class-wise coverage gap',
    better: 'lower',
    of: ({ classGap }) => classGap,
    rows: { statistic: 'class-coverage-gap', columns: { label: 'label', outcome: 'covered' } },
    gap: true,
  },
];

export const MEASURES: readonly string[] = [...OF_SETS, ...ofLabels].map(({ measure: name }) => name);

/** Every measure of a score at every alpha. @param headline whether its size at the first alpha stands at the top */
export function measuresOf(suite: string, result: ConformalResult, headline: boolean): Measure[] {
  const { system, dataset, held, score, settings, alphas } = result;
  return alphas.flatMap((at, a) => {
    const { alpha, labelled } = at;
    const one = ({ rows, title, gap, of, ...kind }: Kind) =>
      measure(
        {
          ...kind,
          suite,
          model: system.name,
          dataset: dataset.name,
          title: `${title}, ${score.title} at ${percent(1 - alpha)}`,
          params: { score: score.name, alpha, ...settings, fittedOn: held.on },
          rows: rowsOf(result, alpha, { ...rows, ...(gap && { options: { alpha } }) }),
          ...(headline && a === 0 && kind.measure === 'mean-set-size' && { headline: true }),
        },
        of(at),
      );
    return [
      ...OF_SETS.map(one),
      ...(labelled
        ? ofLabels.map(({ of, ...kind }) => one({ ...kind, format: 'percent', of: () => of(labelled) }))
        : []),
    ];
  });
}

/** 0.95 as 95 %. */
export const percent = (share: number): string => `${Number((100 * share).toPrecision(6))} %`;
