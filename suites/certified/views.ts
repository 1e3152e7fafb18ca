import { parseEpsilon } from '../../src/attack.js';
import {
  cell,
  type DatasetInfo,
  type ExampleSheet,
  type LineFigure,
  type Measure,
  measure,
  point,
  type Table,
} from '../../src/suite.js';
import type { CertifiedResult } from './result.js';

export const SUITE = 'certified';

type Area = NonNullable<LineFigure['band']>['areas'][number];

export function certifiedMeasures(result: CertifiedResult, attack: string, single: boolean): Measure[] {
  const { system, dataset, method, norm, epsilon, lower, upper, undecided } = result;
  const at = `${norm} ${epsilon}`;
  const rows = (outcome: string) => ({
    rows: {
      sheet: SUITE,
      where: { model: system.name, dataset: dataset.name, method, epsilon },
      statistic: 'share',
      columns: { outcome },
    },
  });
  const common = { suite: SUITE, model: system.name, dataset: dataset.name, format: 'percent' } as const;
  const params = { norm, epsilon, method };
  return [
    measure(
      {
        ...common,
        measure: 'certified-accuracy',
        title: `Certified accuracy, ${at}, ${method}`,
        params,
        better: 'higher',
        bound: 'lower',
        ...(single && { headline: true }),
        ...rows('proved'),
      },
      lower,
    ),
    ...(upper
      ? [
          measure(
            {
              ...common,
              measure: 'attacked-accuracy',
              title: `Accuracy under ${attack}, ${at}`,
              params: { norm, epsilon, method, attack },
              better: 'higher',
              bound: 'upper',
              ...rows('survived'),
            },
            upper,
          ),
        ]
      : []),
    ...(undecided
      ? [
          measure(
            {
              ...common,
              measure: 'undecided-share',
              title: `Neither proved nor broken, ${at}, ${method}`,
              params: { norm, epsilon, method, attack },
              better: 'lower',
              ...rows('undecided'),
            },
            undecided,
          ),
        ]
      : []),
  ];
}

/** Robust accuracy between what is proved and what is not broken. */
export function certifiedTable(
  dataset: DatasetInfo,
  results: readonly CertifiedResult[],
  attack: string,
): Table {
  const costs = [...new Set(results.map(({ method }) => method))];
  // The smallest radius would always be the best.
  const oneRadius = new Set(results.map(({ epsilon }) => epsilon)).size === 1;
  const percent = (key: string, title: string, better: 'higher' | 'lower') =>
    ({ key, title, format: 'percent', better: oneRadius ? better : 'none' }) as const;
  return {
    id: `${SUITE}-${dataset.name}`,
    title: `Robust accuracy from both sides, ${dataset.name}`,
    caption: `${results[0]!.indices.length} images. Proved: the bound holds for every image of the ball and every float32 evaluation of the network, and is no estimate. Not broken: the attack, ${attack}, found nothing, which proves nothing. Robust accuracy on these images lies between the two; intervals are about other images of the kind.${costs.includes('crown') ? '' : ' "methods: [crown]" has tighter bounds.'}`,
    columns: [
      { key: 'model', title: 'Model', format: 'text' },
      { key: 'epsilon', title: results[0]!.norm, format: 'text' },
      { key: 'method', title: 'Bounds', format: 'text' },
      percent('lower', 'Proved, at least', 'higher'),
      percent('upper', 'Not broken, at most', 'higher'),
      percent('undecided', 'Undecided', 'lower'),
    ],
    rows: results.map(({ system, epsilon, method, lower, upper, undecided }) => ({
      model: system.name,
      epsilon,
      method,
      lower: cell(lower),
      ...(upper && { upper: cell(upper) }),
      ...(undecided && { undecided: cell(undecided) }),
    })),
  };
}

/** Both sides against the radius, where there are several, and the band in between: up from the method that proves most. */
export function certifiedCurves(dataset: DatasetInfo, results: readonly CertifiedResult[]): LineFigure[] {
  if (new Set(results.map(({ epsilon }) => epsilon)).size < 2) return [];
  const lines = new Map<string, LineFigure['series'][number]>();
  const add = (
    name: string,
    variant: string,
    dashed: boolean,
    at: LineFigure['series'][number]['points'][number],
  ) => {
    const key = JSON.stringify([name, variant]);
    const line = lines.get(key) ?? { name, variant, dashed, points: [] };
    if (!line.points.some(({ x }) => x === at.x)) line.points.push(at);
    lines.set(key, line);
  };
  const areas = new Map<string, Map<number, Area['points'][number]>>();
  for (const { system, method, epsilon, lower, upper } of results) {
    const x = parseEpsilon(epsilon).value;
    add(system.name, `proved, ${method}`, false, point(x, lower));
    if (!upper) continue;
    add(system.name, 'not broken', true, point(x, upper));
    const area = areas.get(system.name) ?? new Map<number, Area['points'][number]>();
    area.set(x, { x, lo: Math.max(lower.value, area.get(x)?.lo ?? 0), hi: upper.value });
    areas.set(system.name, area);
  }
  return [
    {
      kind: 'lines',
      id: `${SUITE}-radius-${dataset.name}`,
      title: `Robust accuracy from both sides, ${dataset.name}`,
      caption:
        'Robust accuracy of a model on these images lies between what is proved and what is not broken: in the shaded band nothing is known. Lines up and down are intervals, about other images of the kind.',
      xLabel: `${results[0]!.norm} radius`,
      yLabel: 'Accuracy',
      yDomain: [0, 1],
      yFormat: 'percent',
      points: true,
      xTicks: [...new Set(results.map(({ epsilon }) => epsilon))].map((label) => ({
        value: parseEpsilon(label).value,
        label,
      })),
      series: [...lines.values()],
      ...(areas.size > 0 && {
        band: {
          label: 'neither proved nor broken',
          areas: Array.from(areas, ([name, points]) => ({ name, points: [...points.values()] })),
        },
      }),
    },
  ];
}

/** Nothing where none was computed. */
const numberOr = (x: number) => (Number.isNaN(x) ? null : x);

/** A row an image, model, radius and method. */
export function certifiedSheet(results: readonly CertifiedResult[]): ExampleSheet {
  return {
    name: SUITE,
    columns: [
      ...['model', 'dataset', 'method', 'epsilon', 'index', 'label'],
      ...['margin', 'rounding', 'proved', 'survived', 'undecided'],
    ],
    rows: {
      *[Symbol.iterator]() {
        for (const {
          system,
          dataset,
          method,
          epsilon,
          indices,
          labels,
          margin,
          rounding,
          proved,
          survived,
        } of results)
          for (let i = 0; i < indices.length; i++)
            yield [
              ...[system.name, dataset.name, method, epsilon, indices[i]!, labels[i]!],
              ...[numberOr(margin[i]!), numberOr(rounding[i]!), proved[i]!],
              survived?.[i] ?? null,
              survived ? !proved[i] && survived[i]! : null,
            ];
      },
    },
  };
}
