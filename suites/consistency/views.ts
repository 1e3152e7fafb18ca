import { sequences as table } from '../../src/data.js';
import {
  type BarFigure,
  cell,
  type DatasetInfo,
  type Measure,
  type MeasureRows,
  measure,
  type Table,
} from '../../src/suite.js';
import type { ConsistencyResult, Flips } from './result.js';
import { SUITE } from './sheet.js';

/** What published images are called among the parameters of measures. */
const PUBLISHED = 'published files';

export function consistencyMeasures({ flips, each, mean, steady, rates }: ConsistencyResult): Measure[] {
  const { system, dataset, sequences, frames } = flips;
  const params = {
    ...(frames !== undefined && { frames }),
    ...(dataset.sequences && { images: PUBLISHED }),
  };
  const common = {
    suite: SUITE,
    model: system.name,
    dataset: dataset.name,
    params,
    format: 'percent',
  } as const;
  const rows = (
    statistic: string,
    columns: MeasureRows['columns'],
    options?: MeasureRows['options'],
  ): { rows: MeasureRows } => ({
    rows: {
      ...{ sheet: SUITE, where: { model: system.name, dataset: dataset.name }, statistic, columns },
      ...(options && { options }),
    },
  });
  return [
    measure(
      {
        ...common,
        measure: 'mean-flip-probability',
        title: `Flip probability, mean over ${sequences.length} sequences`,
        better: 'lower',
        headline: true,
        ...rows('mean-of-list', { value: 'flips' }),
      },
      mean,
    ),
    measure(
      {
        ...common,
        measure: 'steady-share',
        title: 'Images of one class in all frames',
        better: 'higher',
        ...rows('share', { outcome: 'steady' }),
      },
      steady,
    ),
    ...each.map((estimate, at) =>
      measure(
        {
          ...common,
          measure: 'flip-probability',
          title: `Flip probability, ${sequences[at]}`,
          params: { ...params, sequence: sequences[at]! },
          better: 'lower',
          ...rows('mean', { value: { column: 'flips', at } }),
        },
        estimate,
      ),
    ),
    ...(rates
      ? [
          measure(
            {
              ...common,
              measure: 'mean-flip-rate',
              title: `mFR against ${rates.reference}`,
              params: { ...params, reference: rates.reference },
              better: 'lower',
              ...rows(
                'mean-ratio',
                { value: 'flips', reference: 'reference_flips' },
                { ratios: sequences.length },
              ),
            },
            rates.mean,
          ),
          ...rates.each.map((estimate, at) =>
            measure(
              {
                ...common,
                measure: 'flip-rate',
                title: `Flip rate against ${rates.reference}, ${sequences[at]}`,
                params: { ...params, reference: rates.reference, sequence: sequences[at]! },
                better: 'lower',
                ...rows(
                  'mean-ratio',
                  { value: { column: 'flips', at }, reference: { column: 'reference_flips', at } },
                  { ratios: 1 },
                ),
              },
              estimate,
            ),
          ),
        ]
      : []),
  ];
}

export function consistencyTable(dataset: DatasetInfo, results: readonly ConsistencyResult[]): Table {
  const { flips } = results[0]!;
  const rates = results.find((result) => result.rates)?.rates;
  const percent = (key: string, title: string, better: 'higher' | 'lower') =>
    ({ key, title, format: 'percent', better }) as const;
  return {
    id: `consistency-${dataset.name}`,
    title: `Flips in sequences, ${dataset.name}`,
    caption: `${flips.n} images, ${whatSequences(dataset, flips)}. "Most changes" is how often the prediction changed from frame to frame in the sequence with most changes.${rates ? ` mFR: each flip probability over that of ${rates.reference}.` : ''}`,
    columns: [
      { key: 'model', title: 'Model', format: 'text' },
      percent('mean', 'Mean', 'lower'),
      ...flips.sequences.map((name) => percent(name, name, 'lower')),
      percent('steady', 'One class in all frames', 'higher'),
      { key: 'most', title: 'Most changes', format: 'number' },
      ...(rates ? [percent('rate', 'mFR', 'lower')] : []),
    ],
    rows: results.map(({ flips: own, each, mean, steady, rates: ownRates }) => ({
      model: own.system.name,
      mean: cell(mean),
      ...Object.fromEntries(each.map((estimate, s) => [own.sequences[s], cell(estimate)])),
      steady: cell(steady),
      most: own.n > 0 ? own.changes.reduce((a, b) => Math.max(a, b), 0) : null,
      ...(ownRates && { rate: cell(ownRates.mean) }),
    })),
  };
}

function whatSequences({ sequences: published }: DatasetInfo, { sequences, frames }: Flips): string {
  const length = frames === undefined ? '' : `${frames} frames a sequence`;
  if (!published)
    return `${length}: ${sequences.map((name) => `${name}: ${table.get(name)?.title}`).join('; ')}`;
  const lengths = published.map(({ name, frames: own }) => `${name} ${own}`).join(', ');
  return `published sequences, ${length || `of so many frames: ${lengths}`}; frames of noise are compared with the first, others with the one before`;
}

export const flipBars = (dataset: DatasetInfo, results: readonly ConsistencyResult[]): BarFigure => ({
  kind: 'bars',
  id: `flips-${dataset.name}`,
  title: `Flip probability, ${dataset.name}`,
  caption: 'Intervals, 95 %.',
  xLabel: '',
  yLabel: 'Flip probability',
  yFormat: 'percent',
  categories: [...results[0]!.flips.sequences],
  series: results.map(({ flips, each }) => ({
    name: flips.system.name,
    values: each.map((estimate) => cell(estimate)),
  })),
});
