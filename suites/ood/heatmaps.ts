import { rankCorrelations } from '../../src/metrics.js';
import { cell, type DatasetInfo, type HeatmapFigure } from '../../src/suite.js';
import { estimateOf } from './estimates.js';
import { auroc } from './metrics.js';
import { type Detector, oodSetsOf } from './result.js';

/** AUROC of every score of a system on every OOD set. */
export function aurocMap(id: DatasetInfo, detectors: readonly Detector[]): HeatmapFigure {
  const { system } = detectors[0]!;
  const sets = oodSetsOf(detectors);
  return {
    kind: 'heatmap',
    id: `auroc-map-${system.name}-${id.name}`,
    title: `AUROC of ${system.name}, by score and OOD set`,
    caption:
      'One half is chance; below it, the OOD set looks more in-distribution than the test set. Best score first.',
    xLabel: 'out-of-distribution set',
    yLabel: 'score',
    columns: sets.map(({ name }) => name),
    rows: detectors.map(({ score, separations }) => ({
      label: score.title,
      values: sets.map((set) => {
        const own = separations.find(({ ood }) => ood.dataset === set);
        return own ? cell(estimateOf(auroc, [own])) : { value: null };
      }),
    })),
    format: 'number',
    domain: [0, 1],
    middle: 0.5,
  };
}

/** How alike the scores of a system rank images: nothing to see with fewer than three. */
export function correlationMap(id: DatasetInfo, detectors: readonly Detector[]): HeatmapFigure[] {
  if (detectors.length < 3) return [];
  const { system, separations } = detectors[0]!;
  const all = detectors.map((detector) => {
    const parts = [detector.id.values, ...detector.separations.map(({ ood }) => ood.values)];
    const values = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      values.set(part, at);
      at += part.length;
    }
    return values;
  });
  // Of the same images only: a score may have no result for some.
  const alike = detectors.filter((_, i) => all[i]!.length === all[0]!.length);
  const correlations = rankCorrelations(all.filter(({ length }) => length === all[0]!.length));
  return [
    {
      kind: 'heatmap',
      id: `correlation-${system.name}-${id.name}`,
      title: `How scores of ${system.name} go together`,
      caption: `Spearman's rank correlation over ${id.name} and ${separations.map(({ ood }) => ood.dataset.name).join(', ')}, ${all[0]!.length} images. At 1, two scores rank all images alike.`,
      xLabel: 'score',
      yLabel: 'score',
      columns: alike.map(({ score }) => score.title),
      rows: alike.map(({ score }, i) => ({
        label: score.title,
        values: correlations[i]!.map((value) => ({ value: Number.isFinite(value) ? value : null })),
      })),
      format: 'number',
      domain: [-1, 1],
      middle: 0,
    },
  ];
}
