import type { Estimate } from '../../src/metrics.js';
import {
  cell,
  type DatasetInfo,
  type Figure,
  type HeatmapFigure,
  type LineFigure,
  point,
} from '../../src/suite.js';
import type { Estimates } from './estimates.js';
import { groupIn, type Judged } from './tables.js';

/** A number of settings and of means: how it is drawn. */
interface Quantity {
  id: string;
  title: string;
  format: 'percent' | 'number';
  domain?: [number, number];
  middle?: number;
  /** Whether lines have the whole domain, and not only what is found. */
  whole?: true;
  of(estimates: Estimates): Estimate | undefined;
  clean?(judged: Judged): Estimate;
}

function quantities(judged: readonly Judged[]): Quantity[] {
  const scores = new Map(judged.flatMap(({ result }) => result.scores.map((score) => [score.id, score])));
  return [
    {
      ...{ id: 'accuracy', title: 'Accuracy', format: 'percent', domain: [0, 1], whole: true },
      of: ({ accuracy }) => accuracy,
      clean: ({ estimates }) => estimates.clean.accuracy,
    },
    {
      ...{ id: 'ece', title: 'ECE', format: 'percent' },
      of: ({ ece }) => ece,
      clean: ({ estimates }) => estimates.clean.ece,
    },
    { ...{ id: 'shift', title: 'Shift of log p(x)', format: 'number', middle: 0 }, of: ({ shift }) => shift },
    ...[...scores.values()].map(
      ({ id, title }): Quantity => ({
        ...{ id: `auroc-${id}`, title: `AUROC by ${title}`, format: 'number', domain: [0, 1], middle: 0.5 },
        of: ({ auroc }) => auroc.get(id),
      }),
    ),
  ];
}

/** Of each number what severity does to it, and a heat map of every system, corruption by severity; accuracy first. */
export function shiftFigures(dataset: DatasetInfo, judged: readonly Judged[]): Figure[] {
  return quantities(judged).flatMap((quantity) => [
    ...curves(dataset, judged, quantity),
    ...judged.flatMap((one) => heatmap(one, quantity)),
  ]);
}

function heatmap({ result, estimates }: Judged, { id, title, of, ...look }: Quantity): HeatmapFigure[] {
  const { system, dataset, settings } = result;
  if (estimates.settings.some((one) => !of(one))) return [];
  const names = [...new Set(settings.map(({ setting }) => setting.corruption.name))];
  const severities = [...new Set(settings.map(({ setting }) => setting.severity))];
  const { clean: _, whole: __, ...shades } = look;
  return [
    {
      kind: 'heatmap',
      id: `${id}-${system.name}-${dataset.name}`,
      title: `${title} of ${system.name} on ${dataset.name}`,
      xLabel: 'severity',
      yLabel: '',
      ...shades,
      columns: severities.map(String),
      rows: names.map((name) => ({
        label: name,
        values: severities.map((severity) => {
          const k = settings.findIndex(
            ({ setting }) => setting.corruption.name === name && setting.severity === severity,
          );
          const estimate = of(estimates.settings[k]!);
          return estimate ? cell(estimate) : { value: null };
        }),
      })),
    },
  ];
}

/** Means over corruptions by severity, from the clean images where there is a number for them. */
function curves(dataset: DatasetInfo, judged: readonly Judged[], quantity: Quantity): LineFigure[] {
  const series = judged.flatMap((one) => {
    const severities = [...new Set(one.result.settings.map(({ setting }) => setting.severity))];
    const points = severities.flatMap((severity) => {
      const mean = groupIn(one, 'severity', String(severity));
      const estimate = mean && quantity.of(mean);
      return estimate && Number.isFinite(estimate.value) ? [point(severity, estimate)] : [];
    });
    const clean = quantity.clean?.(one);
    const start = clean && Number.isFinite(clean.value) ? [point(0, clean)] : [];
    return points.length > 0 ? [{ name: one.result.system.name, points: [...start, ...points] }] : [];
  });
  if (series.length === 0) return [];
  const ticks = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => x)))].sort();
  return [
    {
      kind: 'lines',
      id: `severity-${quantity.id}-${dataset.name}`,
      title: `${quantity.title} by severity, ${dataset.name}`,
      caption: 'Means over the corruptions that count.',
      xLabel: 'severity',
      yLabel: quantity.title,
      ...(quantity.whole && { yDomain: quantity.domain }),
      yFormat: quantity.format,
      xTicks: ticks.map((value) => ({ value, label: value === 0 ? 'clean' : String(value) })),
      points: true,
      series,
    },
  ];
}
