import { rankingEstimate } from '../../src/metrics.js';
import { cell, type DatasetInfo, type Table } from '../../src/suite.js';
import { averages, metrics } from './metrics.js';
import type { Separation } from './result.js';

const HEAD: Table['columns'] = [
  { key: 'model', title: 'Model', format: 'text' },
  { key: 'score', title: 'Score', format: 'text' },
];

/** Every system and score on one OOD set. */
export function setTable(id: DatasetInfo, ood: DatasetInfo, separations: readonly Separation[]): Table {
  const distance = ood.distance ? ` (${ood.distance})` : '';
  return {
    id: `ood-${ood.name}-${id.name}`,
    title: `${ood.name}${distance} against ${id.name}`,
    caption: `${id.size} in-distribution and ${ood.size} out-of-distribution examples. Higher scores mean in-distribution; FPR95 is the share of the other class that passes where 95 % of the positive class do. Bootstrap intervals, 95 %; none where the scores do not overlap.`,
    folded: true,
    columns: [
      ...HEAD,
      ...metrics.map(({ id: key, title, format, better }) => ({ key, title, format, better })),
    ],
    rows: separations.map(({ system, score, replicates }) => ({
      model: system.name,
      score: score.title,
      ...Object.fromEntries(metrics.map((row) => [row.id, cell(rankingEstimate([replicates], row.metric))])),
    })),
  };
}

/** The AUROC of every system and score on every OOD set. */
export function aurocTable(id: DatasetInfo, separations: readonly Separation[]): Table {
  const sets = [...new Set(separations.map(({ ood }) => ood.dataset))];
  return {
    id: `auroc-${id.name}`,
    title: `AUROC against ${id.name}`,
    caption: 'One half is chance. Bootstrap intervals, 95 %; none where the scores do not overlap.',
    columns: [
      ...HEAD,
      ...sets.map(({ name, distance }) => ({
        key: `set ${name}`,
        title: distance ? `${name} (${distance})` : name,
        format: 'number' as const,
        better: 'higher' as const,
      })),
    ],
    rows: pairsOf(separations).map(({ system, score }) => ({
      model: system.name,
      score: score.title,
      ...Object.fromEntries(
        separations
          .filter((s) => s.system === system && s.score === score)
          .map(({ ood, replicates }) => [
            `set ${ood.dataset.name}`,
            cell(rankingEstimate([replicates], 'auroc')),
          ]),
      ),
    })),
  };
}

/** One separation for every system and score. */
const pairsOf = (separations: readonly Separation[]): Separation[] =>
  separations.filter(
    (s, i) => separations.findIndex((o) => o.system === s.system && o.score === s.score) === i,
  );

/** Every system and score, averaged over OOD sets. */
export function meanTable(id: DatasetInfo, separations: readonly Separation[]): Table {
  const columns = averages
    .map((average) => ({ average, sets: separations.filter(({ ood }) => average.includes(ood.dataset)) }))
    .filter(({ sets }) => sets.length > 0)
    .flatMap(({ average, sets }) =>
      metrics
        .filter(({ averaged }) => averaged)
        .map((row) => ({ average, sets, row, key: `${average.id}-${row.id}` })),
    );
  const names = (sets: readonly Separation[]) =>
    [...new Set(sets.map(({ ood }) => ood.dataset.name))].join(', ');
  const used = averages.map((average) => ({
    average,
    named: names(separations.filter(({ ood }) => average.includes(ood.dataset))),
  }));
  return {
    id: `means-${id.name}`,
    title: `Means over OOD sets, against ${id.name}`,
    caption: `Unweighted means. ${used
      .filter(({ named }) => named)
      .map(({ average, named }) => `${average.title}: ${named}.`)
      .join(' ')} Intervals are over examples, not over the choice of sets.`,
    columns: [
      ...HEAD,
      ...columns.map(({ average, row, key }) => ({
        key,
        title: `${average.title} ${row.title}`,
        format: row.format,
        better: row.better,
      })),
    ],
    rows: pairsOf(separations).map(({ system, score }) => ({
      model: system.name,
      score: score.title,
      ...Object.fromEntries(
        columns.map(({ sets, row, key }) => {
          const own = sets.filter((s) => s.system === system && s.score === score);
          return [
            key,
            cell(
              rankingEstimate(
                own.map(({ replicates }) => replicates),
                row.metric,
              ),
            ),
          ];
        }),
      ),
    })),
  };
}
