import { clopperPearson, SIZE_STRATA, stratumOf } from '../../src/metrics.js';
import { cell, type DatasetInfo, type Table } from '../../src/suite.js';
import { percent } from './measures.js';
import type { AtAlpha, ConformalResult } from './result.js';

type Columns = Table['columns'];

const model: Columns = [
  { key: 'model', title: 'Model', format: 'text' },
  { key: 'score', title: 'Score', format: 'text' },
];
const coverage: Columns = [{ key: 'coverage', title: 'Coverage', format: 'percent', better: 'none' }];
const share = (key: string, title: string, better: 'higher' | 'lower' | 'none' = 'none') =>
  ({ key, title, format: 'percent', better }) as const;

const named = ({ system, score }: ConformalResult) => ({ model: system.name, score: score.title });
const thresholdCell = ({ threshold }: AtAlpha) =>
  Number.isFinite(threshold.value) ? { value: threshold.value } : 'infinite';

/** One row per system and score, at the first alpha: what a reader needs. */
export function overviewTable(dataset: DatasetInfo, results: readonly ConformalResult[]): Table {
  const { source, alphas, held } = results[0]!;
  const { alpha } = alphas[0]!;
  const holds = source.exchangeable
    ? `Coverage of at least ${percent(1 - alpha)} is guaranteed on average over calibration sets, if ${held.split ? 'examples are' : `those of ${held.on} and these are`} draws of one distribution.`
    : 'These are not drawn from the distribution of the calibration set: no coverage is guaranteed here.';
  return {
    id: `conformal-${dataset.name}`,
    title: `Prediction sets on ${dataset.name}, ${percent(1 - alpha)}`,
    caption: `Thresholds from ${held.on}. ${holds} "Of calibration" is between what coverage lies for 95 of 100 calibration sets of that size, and its mean. The class gap is the mean |coverage - ${percent(1 - alpha)}| of a class; the worst slab is that of the logits that is covered worst. Exact intervals of shares, Student's t of sizes, bootstrap of the class gap, 95 %.`,
    columns: [
      ...model,
      { key: 'n', title: 'n calibration', format: 'number' },
      ...coverage,
      share('guarantee', 'Of calibration'),
      { key: 'size', title: 'Mean size', format: 'number', better: 'lower' },
      share('empty', 'Empty'),
      share('singletons', 'Label alone', 'higher'),
      share('gap', 'Class gap', 'lower'),
      share('slab', 'Worst slab'),
    ],
    rows: results.flatMap((result) => {
      const at = result.alphas[0]!;
      const { labelled, threshold } = at;
      if (!labelled) return [];
      return [
        {
          ...named(result),
          n: threshold.n,
          coverage: cell(labelled.coverage),
          guarantee: result.source.exchangeable
            ? { value: labelled.guarantee.mean, interval: labelled.guarantee.range }
            : null,
          size: cell(at.size),
          empty: cell(at.empty),
          singletons: cell(labelled.singletonHits),
          gap: cell(labelled.classGap),
          slab: cell(labelled.worstSlab),
        },
      ];
    }),
  };
}

/** Every alpha: thresholds, coverage, sizes, and how uneven coverage is. */
export function alphaTable(dataset: DatasetInfo, results: readonly ConformalResult[]): Table {
  return {
    id: `conformal-alphas-${dataset.name}`,
    title: `Prediction sets on ${dataset.name}, every level`,
    caption:
      'A set holds the classes whose score is at most the threshold: the ceil((n + 1)(1 - alpha))-th smallest score of the labels of n calibration examples. SSCV is the largest |coverage - (1 - alpha)| over set sizes 0 to 1, 2 to 3, 4 to 10, 11 to 100, 101 to 1000 and beyond; of few examples it is mostly noise.',
    folded: true,
    columns: [
      ...model,
      { key: 'alpha', title: 'Alpha', format: 'number' },
      { key: 'threshold', title: 'Threshold', format: 'number', better: 'none' },
      ...coverage,
      { key: 'size', title: 'Mean size', format: 'number', better: 'lower' },
      share('empty', 'Empty'),
      share('accuracy', 'Accuracy of singletons', 'higher'),
      share('sscv', 'SSCV', 'lower'),
    ],
    rows: results.flatMap((result) =>
      result.alphas.map((at) => ({
        ...named(result),
        alpha: at.alpha,
        threshold: thresholdCell(at),
        coverage: at.labelled ? cell(at.labelled.coverage) : null,
        size: cell(at.size),
        empty: cell(at.empty),
        accuracy: at.labelled ? cell(at.labelled.singletonAccuracy) : null,
        sscv: at.labelled ? cell(at.labelled.sizeStratified) : null,
      })),
    ),
  };
}

/** Coverage of sets of about the same size, at the first alpha. */
export function strataTable(dataset: DatasetInfo, results: readonly ConformalResult[]): Table {
  return {
    id: `conformal-sizes-${dataset.name}`,
    title: `Coverage by set size on ${dataset.name}`,
    caption:
      'Sets that adapt to difficulty are covered alike at every size. Only sizes that occur. Exact intervals, 95 %.',
    folded: true,
    columns: [
      ...model,
      { key: 'sizes', title: 'Classes in the set', format: 'text' },
      { key: 'n', title: 'n', format: 'number' },
      ...coverage,
    ],
    rows: results.flatMap((result) => {
      const { sets, labelled } = result.alphas[0]!;
      if (!labelled) return [];
      const strata = SIZE_STRATA.map(() => ({ n: 0, hits: 0 }));
      sets.size.forEach((size, i) => {
        const stratum = strata[stratumOf(size)]!;
        stratum.n++;
        stratum.hits += labelled.covered[i]!;
      });
      return strata.flatMap(({ n, hits }, s) => {
        const [lo, hi] = SIZE_STRATA[s]!;
        const sizes = Number.isFinite(hi) ? `${lo} to ${hi}` : `${lo} and more`;
        return n === 0 ? [] : [{ ...named(result), sizes, n, coverage: cell(clopperPearson(hits, n)) }];
      });
    }),
  };
}

/** A table of more rows is detail. */
const LONG = 12;

/** Sets of OOD images, whose label is no class: large or empty ones tell that a system does not know. */
export function oodTable(results: readonly ConformalResult[]): Table[] {
  if (results.length === 0) return [];
  const { alphas } = results[0]!;
  return [
    {
      id: 'conformal-ood',
      ...(results.length > LONG && { folded: true }),
      title: `Prediction sets of OOD images, ${percent(1 - alphas[0]!.alpha)}`,
      caption:
        "The label of these images is no class, so no set covers it. Sets should be larger than those of test images, or empty. Student's t and exact intervals, 95 %.",
      columns: [
        ...model,
        { key: 'dataset', title: 'Data set', format: 'text' },
        { key: 'size', title: 'Mean size', format: 'number', better: 'none' },
        share('empty', 'Empty'),
      ],
      rows: results.map((result) => ({
        ...named(result),
        dataset: result.dataset.name,
        size: cell(result.alphas[0]!.size),
        empty: cell(result.alphas[0]!.empty),
      })),
    },
  ];
}
