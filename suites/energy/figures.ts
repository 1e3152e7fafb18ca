import { densities, sharedEdges } from '../../src/metrics.js';
import type { HistogramFigure } from '../../src/suite.js';
import type { Buffer } from './buffer.js';
import type { Heights } from './heights.js';

/** log p(x) of all data sets of one system over each other. */
export function axisFigure(
  ofSystem: readonly Heights[],
  buffers: readonly Pick<Buffer, 'logPx'>[],
  bins: number,
): HistogramFigure[] {
  const [first] = ofSystem;
  const sets = [
    ...ofSystem.map(({ dataset, logPx }) => ({ name: dataset.name, logPx })),
    ...buffers.map(({ logPx }) => ({ name: 'replay buffer', logPx })),
  ];
  const edges = sharedEdges(
    sets.map(({ logPx }) => logPx),
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
      series: sets.map(({ name, logPx }) => ({ name, counts: densities(logPx, edges) })),
    },
  ];
}
