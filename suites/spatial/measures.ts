import type { SpatialParams } from '../../src/measurements.js';
import { type Measure, type MeasureRows, measure } from '../../src/suite.js';
import type { SpatialResult } from './result.js';

export const SUITE = 'spatial';

/** `30 degrees, 9.4 %`. */
export const reachOf = ({ degrees, shift }: SpatialParams): string =>
  `±${degrees}°, ±${Number((100 * shift).toFixed(1))} %`;

export function spatialMeasures(result: SpatialResult, params: SpatialParams): Measure[] {
  const { system, dataset, clean, worst, atRandom, worstOfRandom, grid, perAngle, angles } = result;
  const { degrees, angles: count, shift, shifts, padding, draws } = params;
  const space = { degrees, shift, padding };
  const common = {
    suite: SUITE,
    model: system.name,
    dataset: dataset.name,
    better: 'higher',
    format: 'percent',
  } as const;
  const rows = (statistic: string, columns: MeasureRows['columns']): { rows: MeasureRows } => ({
    rows: { sheet: SUITE, where: { model: system.name, dataset: dataset.name }, statistic, columns },
  });
  const onGrid = { ...space, angles: count, shifts };
  return [
    measure(
      {
        ...common,
        measure: 'spatial-accuracy',
        title: `Accuracy, worst of ${result.points} turns and shifts`,
        params: onGrid,
        headline: true,
        ...rows('share', { outcome: 'robust' }),
      },
      worst,
    ),
    measure(
      {
        ...common,
        measure: 'unmoved-accuracy',
        title: 'Accuracy, neither turned nor moved',
        ...rows('share', { outcome: 'clean_correct' }),
      },
      clean,
    ),
    measure(
      {
        ...common,
        measure: 'random-spatial-accuracy',
        title: `Accuracy under a rotation and translation at random (${reachOf(params)})`,
        params: { ...space, draws },
        ...rows('mean-of-list', { value: 'random' }),
      },
      atRandom,
    ),
    measure(
      {
        ...common,
        measure: 'worst-random-spatial-accuracy',
        title: `Accuracy, worst of ${draws} turns and shifts at random`,
        params: { ...space, draws },
        ...rows('share', { outcome: 'all_random' }),
      },
      worstOfRandom,
    ),
    ...(grid && perAngle
      ? [
          measure(
            {
              ...common,
              measure: 'mean-spatial-accuracy',
              title: `Accuracy, mean over ${result.points} rotations and translations (${reachOf(params)})`,
              params: onGrid,
              ...rows('mean-of-list', { value: 'by_angle' }),
            },
            grid,
          ),
          ...perAngle.map((estimate, at) =>
            measure(
              {
                ...common,
                measure: 'angle-accuracy',
                title: `Accuracy turned by ${angles[at]}°, mean over translations`,
                params: { ...onGrid, angle: angles[at]! },
                ...rows('mean', { value: { column: 'by_angle', at } }),
              },
              estimate,
            ),
          ),
        ]
      : []),
  ];
}
