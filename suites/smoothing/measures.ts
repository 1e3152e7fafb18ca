import type { Epsilon } from '../../src/attack.js';
import { type Measure, type MeasureRows, measure } from '../../src/suite.js';
import type { SmoothingOptions } from './options.js';
import type { SmoothedResult } from './result.js';

export const SUITE = 'smoothing';

/** @param headline the radius in the table at the top, where there is one */
export function smoothingMeasures(
  result: SmoothedResult,
  radii: readonly Epsilon[],
  { n0, n, alpha, stop, attackSteps }: SmoothingOptions,
  headline?: Epsilon,
): Measure[] {
  const { system, dataset, sigma, accuracy, averageRadius, abstained, certified, draws, upper, undecided } =
    result;
  const params = { sigma: sigma.text, n0, n, alpha, ...(stop !== undefined && { stop }) };
  const common = { suite: SUITE, model: system.name, dataset: dataset.name, better: 'higher' } as const;
  const rows = (statistic: string, columns: MeasureRows['columns']): { rows: MeasureRows } => ({
    rows: {
      sheet: SUITE,
      where: { model: system.name, dataset: dataset.name, sigma: sigma.text },
      statistic,
      columns,
    },
  });
  const title = (what: string) => `${what}, smoothed by sigma ${sigma.text}`;
  return [
    ...radii.map((radius, k) =>
      measure(
        {
          ...common,
          measure: 'certified-accuracy-smoothed',
          title: title(`Certified accuracy, L2 ${radius.text}`),
          params: { norm: 'L2', radius: radius.text, ...params },
          bound: 'lower',
          format: 'percent',
          ...(radius === headline && { headline: true }),
          ...rows('share', { outcome: { column: 'certified', at: k } }),
        },
        certified[k]!,
      ),
    ),
    ...radii.flatMap((radius, k) =>
      upper
        ? [
            measure(
              {
                ...common,
                measure: 'attacked-accuracy-smoothed',
                title: title(`Accuracy under SmoothAdv-${attackSteps}, L2 ${radius.text}`),
                params: { norm: 'L2', radius: radius.text, sigma: sigma.text, steps: attackSteps },
                bound: 'upper',
                format: 'percent',
                ...rows('share', { outcome: { column: 'survived', at: k } }),
              },
              upper[k]!,
            ),
          ]
        : [],
    ),
    ...radii.flatMap((radius, k) =>
      undecided
        ? [
            measure(
              {
                ...common,
                measure: 'undecided-share-smoothed',
                title: title(`Neither certified nor broken, L2 ${radius.text}`),
                params: { norm: 'L2', radius: radius.text, ...params, steps: attackSteps },
                better: 'lower',
                format: 'percent',
                ...rows('share', { outcome: { column: 'undecided', at: k } }),
              },
              undecided[k]!,
            ),
          ]
        : [],
    ),
    measure(
      {
        ...common,
        measure: 'average-certified-radius',
        title: title('Average certified radius'),
        params: { norm: 'L2', ...params },
        bound: 'lower',
        format: 'number',
        ...rows('mean', { value: 'radius_if_right' }),
      },
      averageRadius,
    ),
    measure(
      {
        ...common,
        measure: 'smoothed-accuracy',
        title: title('Accuracy'),
        params,
        format: 'percent',
        ...rows('share', { outcome: 'right' }),
      },
      accuracy,
    ),
    measure(
      {
        ...common,
        measure: 'abstention-share',
        title: title('Images without a certificate'),
        params,
        better: 'lower',
        format: 'percent',
        ...rows('share', { outcome: 'abstained' }),
      },
      abstained,
    ),
    ...(stop === undefined
      ? []
      : [
          measure(
            {
              ...common,
              measure: 'draws-per-image',
              title: title('Draws until it is known'),
              params,
              better: 'none',
              format: 'number',
              note: `of up to ${n}, after ${n0} that choose the class`,
              ...rows('mean', { value: 'draws' }),
            },
            draws,
          ),
        ]),
  ];
}
