import { classifiedOf } from '../../src/measurements.js';
import {
  areaUnderRisk,
  drawnBinSums,
  type Estimate,
  ece,
  equalWidth,
  jointBootstrap,
  riskCoverage,
  type Step,
  thinCurve,
  wilson,
} from '../../src/metrics.js';
import {
  cell,
  type LineFigure,
  type Measure,
  type MeasureRows,
  measure,
  point,
  type Table,
} from '../../src/suite.js';
import type { Heights } from './heights.js';
import { NAME, whereOf } from './measures.js';
import type { EnergyOptions } from './options.js';

/** Right and wrong predictions by how likely the images are. */
export interface ByQuantile {
  of: Heights;
  /** (n) 1 for the least likely images, to the number of quantiles; equal log p(x) shares one. */
  quantile: Int32Array;
  correct: Uint8Array;
  /** (n) max softmax. */
  confidence: Float64Array;
  parts: { quantile: number; n: number; accuracy: Estimate; ece: Estimate }[];
  /** Area under the risk-coverage curve where the images of the highest log p(x), or confidence, are kept. */
  aurc: Record<'log-px' | 'max-softmax', Estimate>;
}

/** Undefined without logits or labels. */
export function byQuantile(
  of: Heights,
  { quantiles, bins, resamples }: Pick<EnergyOptions, 'quantiles' | 'bins' | 'resamples'>,
  { seed, step }: { seed: number; step?: Step | undefined },
): ByQuantile | undefined {
  if (!of.collected.rows.logits || !of.collected.labels || of.logPx.length === 0) return undefined;
  const { correct, confidence } = classifiedOf(of.collected);
  const quantile = quantilesOf(of.logPx, quantiles);
  const draws = { seed, resamples, ...(step && { step }) };
  const parts = Array.from({ length: quantiles }, (_, q) => {
    const within = Int32Array.from(quantile.keys()).filter((i) => quantile[i] === q + 1);
    const confidences = Float64Array.from(within, (i) => confidence[i]!);
    const outcomes = Uint8Array.from(within, (i) => correct[i]!);
    const sums = drawnBinSums(equalWidth(confidences, bins), confidences, outcomes);
    const statistic = {
      of: (times: Uint8Array) => ({ ece: ece(sums(times)) }),
      centred: ['ece'],
      gaps: { ece: 1 },
    };
    return {
      quantile: q + 1,
      n: within.length,
      accuracy: wilson(
        outcomes.reduce((sum, right) => sum + right, 0),
        within.length,
      ),
      ece: jointBootstrap(within.length, [{ ...statistic, within: [0, 1] as const }], draws).ece,
    };
  });
  const [byHeight, byConfidence] = [areaUnderRisk(of.logPx, correct), areaUnderRisk(confidence, correct)];
  const aurc = jointBootstrap(
    of.logPx.length,
    [{ of: (times) => ({ 'log-px': byHeight(times), 'max-softmax': byConfidence(times) }) }],
    draws,
  );
  return { of, quantile, correct, confidence, parts, aurc };
}

function quantilesOf(values: Float64Array, quantiles: number): Int32Array {
  const sorted = values.slice().sort();
  const n = values.length;
  const below = new Map<number, number>();
  for (let rank = n - 1; rank >= 0; rank--) below.set(sorted[rank]!, rank);
  return Int32Array.from(values, (value) => 1 + Math.floor(((below.get(value) ?? 0) * quantiles) / n));
}

export function quantileMeasures({ of, parts, aurc }: ByQuantile, bins: number): Measure[] {
  const common = { suite: NAME, model: of.system.name, dataset: of.dataset.name };
  const rows = (q?: number): Pick<MeasureRows, 'sheet' | 'where'> => ({
    sheet: NAME,
    where: { ...whereOf(of), ...(q !== undefined && { quantile: q }) },
  });
  const total = parts.length;
  return [
    ...parts.flatMap(({ quantile, accuracy, ece: error }) => {
      const params = { quantile, quantiles: total };
      const place = `part ${quantile} of ${total} by log p(x), from the lowest`;
      return [
        measure(
          {
            ...common,
            measure: 'accuracy-in-quantile',
            title: `Accuracy, ${place}`,
            params,
            better: 'higher',
            format: 'percent',
            rows: { ...rows(quantile), statistic: 'share', columns: { outcome: 'correct' } },
          },
          accuracy,
        ),
        measure(
          {
            ...common,
            measure: 'ece-in-quantile',
            title: `ECE, ${place}`,
            params: { ...params, bins },
            better: 'lower',
            format: 'percent',
            rows: {
              ...rows(quantile),
              statistic: 'ece',
              columns: { confidence: 'confidence', outcome: 'correct' },
              options: { bins },
            },
          },
          error,
        ),
      ];
    }),
    ...(
      [
        ['log-px', 'log p(x)', 'log_px'],
        ['max-softmax', 'max softmax', 'confidence'],
      ] as const
    ).map(([score, title, column]) =>
      measure(
        {
          ...common,
          measure: 'aurc',
          title: `Area under the risk-coverage curve by ${title}`,
          params: { score },
          better: 'lower',
          format: 'percent',
          rows: { ...rows(), statistic: 'aurc', columns: { score: column, outcome: 'correct' } },
        },
        aurc[score],
      ),
    ),
  ];
}

/** Accuracy of the parts of each data set, from the least likely images to the likeliest. */
export function quantileFigures(all: readonly ByQuantile[]): LineFigure[] {
  const sets = [...new Set(all.map(({ of }) => of.dataset.name))];
  return sets.flatMap((dataset): LineFigure[] => {
    const own = all.filter(({ of }) => of.dataset.name === dataset);
    const heading = { kind: 'lines', yFormat: 'percent', points: true } as const;
    const ticks = own[0]!.parts.map(({ quantile: value }) => ({ value, label: String(value) }));
    const curves = (name: 'accuracy' | 'ece') =>
      own.map(({ of, parts }) => ({
        name: of.system.name,
        points: parts.flatMap(({ quantile, [name]: estimate }) =>
          Number.isFinite(estimate.value) ? [point(quantile, estimate)] : [],
        ),
      }));
    const xLabel = 'part by log p(x), from the lowest';
    return [
      {
        ...heading,
        id: `accuracy-by-log-px-${dataset}`,
        title: `Accuracy by log p(x), ${dataset}`,
        xLabel,
        yLabel: 'accuracy',
        yDomain: [0, 1],
        xTicks: ticks,
        series: curves('accuracy'),
      },
      {
        ...heading,
        id: `ece-by-log-px-${dataset}`,
        title: `ECE by log p(x), ${dataset}`,
        xLabel,
        yLabel: 'ECE',
        xTicks: ticks,
        series: curves('ece'),
      },
      {
        kind: 'lines',
        id: `risk-coverage-${dataset}`,
        title: `Risk of what is kept, ${dataset}`,
        caption: 'Share of errors among the images with the highest log p(x), or the highest max softmax.',
        xLabel: 'images kept',
        yLabel: 'errors among them',
        xDomain: [0, 1],
        yFormat: 'percent',
        series: own.flatMap(({ of, correct, confidence }) => [
          {
            name: of.system.name,
            variant: 'log p(x)',
            points: thinCurve(riskCoverage(of.logPx, correct)),
          },
          {
            name: of.system.name,
            variant: 'max softmax',
            dashed: true,
            points: thinCurve(riskCoverage(confidence, correct)),
          },
        ]),
      },
    ];
  });
}

export function quantileTable(all: readonly ByQuantile[], bins: number): Table {
  return {
    id: 'by-log-px',
    title: 'Accuracy and calibration by log p(x)',
    caption: `Each data set in parts of equal size, from the images of the lowest log p(x) to those of the highest. ECE with ${bins} bins, top label. AURC: the mean share of errors among the images that are kept, over all numbers of images to keep.`,
    folded: true,
    columns: [
      { key: 'model', title: 'Model', format: 'text' },
      { key: 'dataset', title: 'Data set', format: 'text' },
      { key: 'part', title: 'Part', format: 'text' },
      { key: 'n', title: 'n', format: 'text' },
      { key: 'accuracy', title: 'Accuracy', format: 'percent' },
      { key: 'ece', title: 'ECE', format: 'percent' },
      { key: 'log-px', title: 'AURC, log p(x)', format: 'percent' },
      { key: 'max-softmax', title: 'AURC, max softmax', format: 'percent' },
    ],
    rows: all.flatMap(({ of, parts, aurc }) => {
      const about = { model: of.system.name, dataset: of.dataset.name };
      return [
        {
          ...about,
          part: 'all',
          n: String(of.logPx.length),
          accuracy: null,
          ece: null,
          'log-px': cell(aurc['log-px']),
          'max-softmax': cell(aurc['max-softmax']),
        },
        ...parts.map(({ quantile, n, accuracy, ece: error }) => ({
          ...about,
          part: String(quantile),
          n: String(n),
          accuracy: cell(accuracy),
          ece: cell(error),
          'log-px': null,
          'max-softmax': null,
        })),
      ];
    }),
  };
}
