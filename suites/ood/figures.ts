import { densities, rocCurve, sharedEdges, thinCurve } from '../../src/metrics.js';
import {
  type BarFigure,
  cell,
  type DatasetInfo,
  type Figure,
  type HistogramFigure,
  type LineFigure,
} from '../../src/suite.js';
import { estimateOf } from './estimates.js';
import { metrics } from './metrics.js';
import type { OodOptions } from './options.js';
import type { Detector, Separation } from './result.js';

const [auroc] = metrics;

/** Separations in groups with the same key, in order of first appearance. */
function grouped(separations: readonly Separation[], key: (s: Separation) => string): Separation[][] {
  const groups = new Map<string, Separation[]>();
  for (const separation of separations) {
    const group = groups.get(key(separation));
    if (group) group.push(separation);
    else groups.set(key(separation), [separation]);
  }
  return [...groups.values()];
}

/** AUROC of every system on every OOD set, one chart per score. */
function bars(id: DatasetInfo, separations: readonly Separation[]): BarFigure[] {
  return grouped(separations, ({ score }) => score.id).map((ofScore) => {
    const { score } = ofScore[0];
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
        name: ofSystem[0].system.name,
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
  const { system, score, id } = group[0];
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
  const { system, score, id } = group[0];
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

/** AUROC bars per score, then histograms and ROC curves per system and score. Sets without examples are left out. */
export function oodFigures(
  id: DatasetInfo,
  detectors: readonly Detector[],
  { histogramBins }: Pick<OodOptions, 'histogramBins'>,
): Figure[] {
  const groups = detectors
    .map(({ separations }) => separations.filter((s) => s.id.values.length > 0 && s.ood.values.length > 0))
    .filter((group) => group.length > 0);
  return [
    ...bars(id, groups.flat()),
    ...groups.flatMap((group) => histogram(group, histogramBins)),
    ...groups.map(roc),
  ];
}
