import { type InputGradientRows, inputGradient } from '../../src/measurements.js';
import { densities, type Estimate, meanOf, quantileEstimate, sharedEdges } from '../../src/metrics.js';
import {
  type CollectedRows,
  cell,
  type DatasetInfo,
  type HistogramFigure,
  type Measure,
  measure,
  type Request,
  request,
  type SystemInfo,
  type Table,
} from '../../src/suite.js';
import type { Heights } from './heights.js';
import { NAME, whereOf } from './measures.js';

/** Undefined where the system has no gradient. */
export const gradientRequest = (
  { name: system, offers }: SystemInfo,
  { name: dataset }: DatasetInfo,
): Request<InputGradientRows> | undefined =>
  offers.includes('inputGradient') ? request({ measurement: inputGradient, system, dataset }) : undefined;

/** Lengths of d log p(x) / dx on a data set. */
export interface Steepness {
  of: Heights;
  /** By source index: examples of which one measurement failed are not in the rows of both. */
  norms: ReadonlyMap<number, number>;
  mean: Estimate;
  median: Estimate;
}

export function steepnessOf(of: Heights, collected: CollectedRows): Steepness | undefined {
  const request = gradientRequest(of.system, of.dataset);
  const gradients = request && collected.get(request);
  if (!gradients) return undefined;
  const { data } = gradients.rows.logPxGradientNorm;
  const norms = new Map(Array.from(gradients.indices, (index, i) => [index, data[i]!]));
  // In the order of the sheet.
  const values = Float64Array.from(of.indices, (index) => norms.get(index) ?? Number.NaN).filter(
    (value) => !Number.isNaN(value),
  );
  return { of, norms, mean: meanOf(values), median: quantileEstimate(values.slice().sort(), 0.5) };
}

export function gradientMeasures({ of, mean, median }: Steepness): Measure[] {
  const common = {
    suite: NAME,
    model: of.system.name,
    dataset: of.dataset.name,
    better: 'none',
    format: 'number',
  } as const;
  const rows = { sheet: NAME, where: whereOf(of), columns: { value: 'gradient_norm' } };
  return [
    measure(
      {
        ...common,
        measure: 'gradient-norm-mean',
        title: 'Mean length of d log p(x) / dx',
        rows: { ...rows, statistic: 'mean' },
      },
      mean,
    ),
    measure(
      {
        ...common,
        measure: 'gradient-norm-median',
        title: 'Median length of d log p(x) / dx',
        rows: { ...rows, statistic: 'quantile', options: { q: 0.5 } },
      },
      median,
    ),
  ];
}

export function gradientTable(all: readonly Steepness[]): Table {
  return {
    id: 'gradient-norms',
    title: 'Gradients of log p(x)',
    caption:
      'Length of d log p(x) / dx, L2 over the image, in units of the input of the model itself. Approximate mass (Grathwohl et al. 2019) is minus this length: the suite ood ranks by it.',
    folded: true,
    columns: [
      { key: 'model', title: 'Model', format: 'text' },
      { key: 'dataset', title: 'Data set', format: 'text' },
      { key: 'mean', title: 'Mean', format: 'number' },
      { key: 'median', title: 'Median', format: 'number' },
    ],
    rows: all.map(({ of, mean, median }) => ({
      model: of.system.name,
      dataset: of.dataset.name,
      mean: cell(mean),
      median: cell(median),
    })),
  };
}

/** Lengths on all data sets of one system, on a logarithmic axis: they span decades. */
export function gradientFigure(ofSystem: readonly Steepness[], bins: number): HistogramFigure[] {
  const logs = ofSystem.map(({ norms }) =>
    Float64Array.from(norms.values(), Math.log10).filter(Number.isFinite),
  );
  const edges = sharedEdges(logs, bins);
  if (!edges) return [];
  const { name } = ofSystem[0]!.of.system;
  return [
    {
      kind: 'histogram',
      id: `gradient-norm-${name}`,
      title: `Gradient of log p(x) of ${name}`,
      caption: 'Minus this is the logarithm of approximate mass. Gradients that are zero are left out.',
      xLabel: 'log10 of the length of d log p(x) / dx',
      edges,
      series: ofSystem.map(({ of }, i) => ({ name: of.dataset.name, counts: densities(logs[i]!, edges) })),
    },
  ];
}
