import { densities, sharedEdges } from '../../src/metrics.js';
import type { HistogramFigure } from '../../src/suite.js';
import type { Heights } from './heights.js';

/** log p(x) of all data sets of one system over each other. */
export function axisFigure(ofSystem: readonly Heights[], bins: number): HistogramFigure[] {
  const [first] = ofSystem;
  const edges = sharedEdges(
    ofSystem.map(({ logPx }) => logPx),
    bins,
  );
  if (!first || !edges) return [];
  return [
    {
      kind: 'histogram',
      id: `log-px-${first.system.name}`,
      title: `log p(x) of ${first.system.name}`,
      caption:
        'Shares of each data set, in nats. The outer bins also hold what lies beyond them, 0.1 % on either side.',
      xLabel: 'log p(x)',
      edges,
      series: ofSystem.map(({ dataset, logPx }) => ({
        name: dataset.name,
        counts: densities(logPx, edges),
      })),
    },
  ];
}
