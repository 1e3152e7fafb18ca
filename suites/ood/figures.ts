import { densities, precisionRecall, rocCurve, sharedEdges, thinCurve } from '../../src/metrics.js';
import {
  type BarFigure,
  cell,
  type DatasetInfo,
  type Figure,
  type HistogramFigure,
  type LineFigure,
} from '../../src/suite.js';
import { estimateOf } from './estimates.js';
import { grouped } from './grouped.js';
import { aurocMap, correlationMap } from './heatmaps.js';
import { auroc } from './metrics.js';
import type { OodOptions } from './options.js';
import { averagedAmong, bySystem, type Detector, type Separation } from './result.js';

/** AUROC of every system on every OOD set, one chart per score. */
function bars(id: DatasetInfo, separations: readonly Separation[]): BarFigure[] {
  return grouped(separations, ({ score }) => score.id).map((ofScore) => {
    const { score } = ofScore[0]!;
    const sets = [...new Set(ofScore.map(({ ood }) => ood.dataset))];
    return {
      kind: 'bars',
      id: `auroc-${score.id}-${id.name}`,
      title: `AUROC by ${score.title}`,
      caption: 'One half is chance; below it, the OOD set looks more in-distribution than the test set.',
      xLabel: 'out-of-distribution set',
      yLabel: 'AUROC',
      yDomain: [0, 1],
      yFormat: 'number',
      categories: sets.map(({ name }) => name),
      series: grouped(ofScore, ({ system }) => system.name).map((ofSystem) => ({
        name: ofSystem[0]!.system.name,
        values: sets.map((set) => {
          const own = ofSystem.find(({ ood }) => ood.dataset === set);
          return own ? cell(estimateOf(auroc, [own])) : { value: null };
        }),
      })),
    };
  });
}

/** Scores of the test set and of every OOD set by one system. */
function histogram(group: readonly Separation[], bins: number): HistogramFigure[] {
  const { system, score, id } = group[0]!;
  const sets = [id, ...group.map(({ ood }) => ood)];
  const edges = sharedEdges(
    sets.map(({ values }) => values),
    bins,
  );
  if (!edges) return [];
  return [
    {
      kind: 'histogram',
      id: `scores-${score.id}-${system.name}-${id.dataset.name}`,
      title: `${score.title} of ${system.name}`,
      caption: 'Shares of each set. The outer bins also hold what lies beyond them, 0.1 % on either side.',
      xLabel: score.label,
      edges,
      series: sets.map(({ dataset, values }) => ({ name: dataset.name, counts: densities(values, edges) })),
    },
  ];
}

/** One curve per OOD set. */
function roc(group: readonly Separation[]): LineFigure {
  const { system, score, id } = group[0]!;
  return {
    kind: 'lines',
    id: `roc-${score.id}-${system.name}-${id.dataset.name}`,
    title: `ROC of ${system.name} by ${score.title}`,
    xLabel: 'OOD examples accepted',
    yLabel: `${id.dataset.name} examples accepted`,
    xDomain: [0, 1],
    yDomain: [0, 1],
    diagonal: true,
    series: group.map(({ ood }) => ({
      name: ood.dataset.name,
      points: thinCurve(rocCurve(id.values, ood.values)),
    })),
  };
}

/** OOD images are the positives, as to who wants an alarm. One curve per OOD set. */
function precision(group: readonly Separation[]): LineFigure {
  const { system, score, id } = group[0]!;
  const negated = (values: Float64Array) => values.map((value) => -value);
  return {
    kind: 'lines',
    id: `precision-${score.id}-${system.name}-${id.dataset.name}`,
    title: `Precision and recall of ${system.name} by ${score.title}`,
    caption: 'OOD is positive. Precision depends on how many images of each kind there are.',
    xLabel: 'OOD examples found',
    yLabel: 'OOD among those found',
    xDomain: [0, 1],
    yDomain: [0, 1],
    series: group.map(({ ood }) => ({
      name: ood.dataset.name,
      points: thinCurve(precisionRecall(negated(ood.values), negated(id.values))),
    })),
  };
}

/**
 * AUROC of all, as bars or, of many scores, as heat maps; how scores go together; then histograms and curves of the best
 * scores of each system. Sets without examples are left out.
 */
export function oodFigures(
  id: DatasetInfo,
  detectors: readonly Detector[],
  { histogramBins, curves }: Pick<OodOptions, 'histogramBins' | 'curves'>,
): Figure[] {
  const drawable = detectors.flatMap((detector) => {
    const separations = detector.separations.filter((s) => s.id.values.length > 0 && s.ood.values.length > 0);
    return separations.length > 0 ? [{ ...detector, separations, averaged: averagedAmong(separations) }] : [];
  });
  const ordered = bySystem(drawable).map(bestFirst);
  const most = Math.max(0, ...ordered.map((own) => own.length));
  const best = ordered.map((own) => own.slice(0, curves));
  const shown = drawable.filter((detector) => best.flat().includes(detector));
  return [
    ...(most > 4
      ? ordered.map((own) => aurocMap(id, own))
      : bars(
          id,
          drawable.flatMap(({ separations }) => separations),
        )),
    ...ordered.flatMap((own) => correlationMap(id, own)),
    ...shown.flatMap(({ separations }) => histogram(separations, histogramBins)),
    ...shown.map(({ separations }) => roc(separations)),
    ...best.flatMap((own) => own.slice(0, 1).map(({ separations }) => precision(separations))),
  ];
}

const bestFirst = (detectors: readonly Detector[]): Detector[] =>
  detectors.toSorted((a, b) => estimateOf(auroc, b.averaged).value - estimateOf(auroc, a.averaged).value);
