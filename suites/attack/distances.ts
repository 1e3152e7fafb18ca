import { quantileEstimate, wilson } from '../../src/metrics.js';
import { cell, type LineFigure, type Measure, measure, onceFor, type Table } from '../../src/suite.js';
import type { AttackResult } from './result.js';

/**
 * Distances to the nearest adversarial point found, (n): 0 where the clean image is
 * misclassified already, infinite where none was found.
 */
export function nearestOf({ collected, n }: AttackResult): Float64Array {
  const { correct, adversarial, distance } = collected.rows;
  return Float64Array.from({ length: n }, (_, i) => {
    if (correct.data[i] === 0) return 0;
    return adversarial.data[i] === 1 ? distance.data[i]! : Number.POSITIVE_INFINITY;
  });
}

/** The same, ascending. */
const distancesOf = onceFor((result: AttackResult) => nearestOf(result).sort());

const QUANTILES = [
  {
    measure: 'distance-quartile-1',
    title: 'First quartile of the distance',
    column: 'first quartile',
    q: 0.25,
  },
  { measure: 'median-distance', title: 'Median distance', column: 'median', q: 0.5 },
  {
    measure: 'distance-quartile-3',
    title: 'Third quartile of the distance',
    column: 'third quartile',
    q: 0.75,
  },
] as const;

const quantilesOf = onceFor((result: AttackResult) =>
  QUANTILES.map((row) => ({ ...row, estimate: quantileEstimate(distancesOf(result), row.q) })),
);

/** Whether it looks for the nearest adversarial point. */
export const searches = ({ params }: AttackResult) => params.keep === 'nearest';

/** Only of attacks that look for the nearest adversarial point. */
export function distanceMeasures(suite: string, sheet: string, result: AttackResult): Measure[] {
  if (!searches(result)) return [];
  const { system, dataset, about, label, params, n } = result;
  const sorted = distancesOf(result);
  const common = { suite, model: system.name, dataset: dataset.name, params: about };
  const name = `${label} ${params.norm}`;
  const from = { sheet, where: { model: system.name, dataset: dataset.name } };
  const finite = sorted.filter(Number.isFinite).length;
  return [
    ...quantilesOf(result).map(({ measure: id, title, q, estimate }) =>
      measure(
        {
          ...common,
          measure: id,
          title: `${title} to the nearest adversarial image, ${name}`,
          better: 'higher',
          format: 'number',
          note: 'over all examples: 0 where the clean image is misclassified',
          rows: { ...from, statistic: 'quantile', columns: { value: 'nearest' }, options: { q } },
        },
        estimate,
      ),
    ),
    measure(
      {
        ...common,
        measure: 'adversarial-found',
        title: `Adversarial image found at any distance, ${name}`,
        better: 'none',
        format: 'percent',
        rows: { ...from, statistic: 'share', columns: { outcome: 'found' } },
      },
      wilson(finite, n),
    ),
  ];
}

export function distanceTable(id: string, title: string, results: readonly AttackResult[]): Table[] {
  if (!searches(results[0]!)) return [];
  return [
    {
      id,
      title: `${title}: distances`,
      caption: `${results[0]!.params.norm} distance to the nearest adversarial image found, over all examples: 0 where the clean image is misclassified. An upper bound of the true distance.`,
      columns: [
        { key: 'model', title: 'System', format: 'text' },
        ...QUANTILES.map(({ column }) => ({
          key: column,
          title: column,
          format: 'number' as const,
          better: 'higher' as const,
        })),
        { key: 'found', title: 'found', format: 'text' },
      ],
      rows: results.map((result) => {
        const sorted = distancesOf(result);
        return {
          model: result.system.name,
          ...Object.fromEntries(quantilesOf(result).map(({ column, estimate }) => [column, cell(estimate)])),
          found: `${sorted.filter(Number.isFinite).length} of ${result.n}`,
        };
      }),
    },
  ];
}

/** Accuracy against the radius at every radius: the distribution of distances, upside down. */
export function distanceCurve(id: string, title: string, results: readonly AttackResult[]): LineFigure[] {
  if (!searches(results[0]!)) return [];
  return [
    {
      kind: 'lines',
      id,
      title: `${title}: accuracy at every radius`,
      caption: 'The share of examples whose nearest adversarial image is farther away than the radius.',
      xLabel: `${results[0]!.params.norm} radius`,
      yLabel: 'accuracy',
      yDomain: [0, 1],
      yFormat: 'percent',
      series: results
        .filter(({ n }) => n > 0)
        .map((result) => {
          const finite = [...distancesOf(result)].filter(Number.isFinite);
          return {
            name: result.system.name,
            points: finite.flatMap((x, i) => (x === finite[i + 1] ? [] : [{ x, y: 1 - (i + 1) / result.n }])),
          };
        }),
    },
  ];
}
