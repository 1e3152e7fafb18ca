import type { SpatialParams } from '../../src/measurements.js';
import {
  type BarFigure,
  cell,
  type DatasetInfo,
  type LineFigure,
  point,
  type Table,
} from '../../src/suite.js';
import { reachOf } from './measures.js';
import type { SpatialResult } from './result.js';

const percent = (key: string, title: string) =>
  ({ key, title, format: 'percent', better: 'higher' }) as const;

const PADDED = { black: 'black', edge: 'the border, repeated,', reflect: 'the image, mirrored,' } as const;

export function spatialTable(
  dataset: DatasetInfo,
  results: readonly SpatialResult[],
  params: SpatialParams,
): Table {
  const { points, n } = results[0]!;
  const whole = results.some(({ grid }) => grid);
  return {
    id: `spatial-${dataset.name}`,
    title: `Turned and moved, ${dataset.name}`,
    caption: `${n} images, turned by up to ${params.degrees}° and moved by up to ${Number((100 * params.shift).toFixed(1))} % of the side; interpolated bilinearly, with ${PADDED[params.padding]} beyond the border. The grid has ${params.angles} angles and ${params.shifts} x ${params.shifts} translations.${whole ? '' : ` "Looked at" is how many of the ${points} points an image took on average: it is done with once it is mistaken.`}`,
    columns: [
      { key: 'model', title: 'Model', format: 'text' },
      percent('clean', 'As they are'),
      percent('random', 'One at random'),
      percent('worst-of-random', `Worst of ${params.draws} at random`),
      ...(whole ? [percent('grid', 'Mean over the grid')] : []),
      percent('worst', 'Worst of the grid'),
      ...(whole ? [] : [{ key: 'tried', title: 'Looked at', format: 'number' } as const]),
    ],
    rows: results.map(({ system, clean, atRandom, worstOfRandom, grid, worst, tried }) => ({
      model: system.name,
      clean: cell(clean),
      random: cell(atRandom),
      'worst-of-random': cell(worstOfRandom),
      ...(grid && { grid: cell(grid) }),
      worst: cell(worst),
      tried: { value: Number.isFinite(tried) ? tried : null },
    })),
  };
}

export function formsBars(
  dataset: DatasetInfo,
  results: readonly SpatialResult[],
  params: SpatialParams,
): BarFigure {
  return {
    kind: 'bars',
    id: `spatial-${dataset.name}`,
    title: `Accuracy turned and moved, ${dataset.name}`,
    caption: `${reachOf(params)} of the side. Intervals, 95 %.`,
    xLabel: '',
    yLabel: 'Accuracy',
    yDomain: [0, 1],
    yFormat: 'percent',
    categories: [
      'as they are',
      'one at random',
      `worst of ${params.draws}`,
      `worst of ${results[0]!.points}`,
    ],
    series: results.map(({ system, clean, atRandom, worstOfRandom, worst }) => ({
      name: system.name,
      values: [clean, atRandom, worstOfRandom, worst].map((estimate) => cell(estimate)),
    })),
  };
}

/** Where the whole grid was looked at. */
export function byAngle(dataset: DatasetInfo, results: readonly SpatialResult[]): LineFigure[] {
  const series = results.flatMap(({ system, perAngle, angles, n }) =>
    perAngle && n > 0
      ? [{ name: system.name, points: perAngle.map((estimate, at) => point(angles[at]!, estimate)) }]
      : [],
  );
  if (series.length === 0) return [];
  return [
    {
      kind: 'lines',
      id: `spatial-angles-${dataset.name}`,
      title: `Accuracy by angle, ${dataset.name}`,
      caption: 'Means over the translations of the grid.',
      xLabel: 'degrees',
      yLabel: 'Accuracy',
      yDomain: [0, 1],
      yFormat: 'percent',
      series,
    },
  ];
}
