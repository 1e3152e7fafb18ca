import { cell, type DatasetInfo, type Table } from '../../src/suite.js';
import { estimateOf } from './estimates.js';
import { auroc, averages, metrics } from './metrics.js';
import { rankScoresOf } from './ranking.js';
import { bySystem, type Detector } from './result.js';

const fpr95 = metrics.filter(({ id }) => id === 'fpr95-ood-positive')[0]!;

/** Of more scores than this a system's best stand in the table, and all of them in a folded one. */
const MANY = 12;
const BEST = 8;

/** Which score is best on each system: the first table of the suite. */
export function rankingTables(id: DatasetInfo, detectors: readonly Detector[]): Table[] {
  const all = rankingTable(id, detectors);
  const scores = new Set(detectors.map(({ score }) => score.id)).size;
  if (scores <= MANY) return [all];
  const seen = new Map<unknown, number>();
  const best = all.rows.filter(({ model }) => {
    const place = (seen.get(model) ?? 0) + 1;
    seen.set(model, place);
    return place <= BEST;
  });
  return [
    {
      ...all,
      title: `The best ${BEST} of ${scores} scores, against ${id.name}`,
      caption: `${all.caption} The others are in the table below.`,
      rows: best,
    },
    {
      ...all,
      id: `${all.id}-all`,
      title: `All ${scores} scores, best first, against ${id.name}`,
      folded: true,
    },
  ];
}

function rankingTable(id: DatasetInfo, detectors: readonly Detector[]): Table {
  const systems = bySystem(detectors);
  const sets = [...new Set(detectors.flatMap(({ averaged }) => averaged.map(({ ood }) => ood.dataset)))];
  const groups = averages.filter((average) => average.id !== 'mean' && sets.some(average.includes));
  const several = detectors.length > systems.length;
  return {
    id: `ranking-${id.name}`,
    title: `Scores, best first, against ${id.name}`,
    caption: `Mean AUROC over ${sets.map(({ name }) => name).join(', ')}, with its interval, 95 %, by DeLong's variance.${
      several
        ? " Behind: the best score of the same model minus this one, on the same images, by a test on DeLong's variances of paired AUROCs; p with Holm's correction over all pairs of scores of the model. Scores that share a letter are not told apart; a-d: a, b, c and d."
        : ''
    }`,
    columns: [
      { key: 'model', title: 'Model', format: 'text' },
      { key: 'score', title: 'Score', format: 'text' },
      { key: 'mean', title: 'Mean AUROC', format: 'number', better: 'higher' },
      ...groups.map(({ id: key, title }) => ({
        key,
        title: title.replace('mean', 'AUROC'),
        format: 'number' as const,
        better: 'higher' as const,
      })),
      { key: 'fpr95', title: `Mean ${fpr95.title}`, format: 'percent', better: 'lower' },
      ...(several
        ? [
            { key: 'behind', title: 'Behind', format: 'number' as const },
            { key: 'p', title: 'p', format: 'p' as const },
            { key: 'alike', title: 'Alike', format: 'text' as const },
          ]
        : []),
    ],
    rows: systems.flatMap((own) =>
      rankScoresOf(own).map(({ detector: { system, score, averaged }, behind, alike }) => ({
        model: system.name,
        score: score.title,
        mean: cell(estimateOf(auroc, averaged)),
        ...Object.fromEntries(
          groups.map((average) => {
            const own = averaged.filter(({ ood }) => average.includes(ood.dataset));
            return [average.id, cell(estimateOf(auroc, own), { bare: true })];
          }),
        ),
        fpr95: cell(estimateOf(fpr95, averaged), { bare: true }),
        ...(behind && {
          behind: Number.isFinite(behind.value) ? { value: behind.value, interval: behind.interval } : null,
          p: behind.corrected,
        }),
        ...(several && { alike }),
      })),
    ),
  };
}
