import { cell, type DatasetInfo, type Table } from '../../src/suite.js';
import { estimateOf } from './estimates.js';
import { auroc } from './metrics.js';
import { type Detector, MOVED_BY, oodSetsOf, type Separation } from './result.js';

/** More rows than this are folded away. */
const MANY = 24;

interface Attacked {
  set: DatasetInfo;
  /** The set as it was. */
  from: DatasetInfo;
  on: string;
  raised: string;
}

/** OOD sets of the run that are attacked forms of others in it. */
function attackedAmong(sets: readonly DatasetInfo[]): Attacked[] {
  return sets.flatMap((set) => {
    const { by, of, options = {} } = set.recipe ?? {};
    const from = sets.find(({ name }) => name === of);
    return by === MOVED_BY && from
      ? [{ set, from, on: String(options.on), raised: String(options.score) }]
      : [];
  });
}

/**
 * Every score on OOD images as they are and as an attack moved them towards the in-distribution (DAT, arXiv 2510.13872). None
 * where the run has no such images. An attack that is made for one score and model is a transfer for all others.
 */
export function attackedTable(id: DatasetInfo, detectors: readonly Detector[]): Table[] {
  const attacked = attackedAmong(oodSetsOf(detectors));
  if (attacked.length === 0) return [];
  const origins = [...new Set(attacked.map(({ from }) => from))];
  const rows = origins.flatMap((from) => {
    const forms = attacked.filter((one) => one.from === from);
    return detectors.flatMap(({ system, score, separations }) => {
      const on = (set: DatasetInfo) => separations.find(({ ood }) => ood.dataset === set);
      const clean = on(from);
      const moved = forms.flatMap((form) => {
        const separation = on(form.set);
        return separation ? [{ ...form, separation }] : [];
      });
      if (!clean || moved.length === 0) return [];
      const own = moved.filter((form) => form.on === system.name && form.raised === score.row);
      const lowest = [...moved].sort((a, b) => aurocOf(a.separation) - aurocOf(b.separation))[0]!;
      return [
        {
          model: system.name,
          score: score.title,
          set: from.name,
          clean: cell(estimateOf(auroc, [clean])),
          own: own[0] ? cell(estimateOf(auroc, [own[0].separation])) : null,
          lowest: cell(estimateOf(auroc, [lowest.separation])),
          by: `${lowest.raised} of ${lowest.on}`,
        },
      ];
    });
  });
  return [
    {
      id: `attacked-${id.name}`,
      title: `Scores clean and under attack, against ${id.name}`,
      caption: `AUROC of ${id.name} against OOD images as they are, and against the same images, moved to look in-distribution: ${attacked
        .map(({ set, from, on, raised }) => `${set.name}: ${from.name}, for ${raised} of ${on}`)
        .join(
          '; ',
        )}. "Own": moved for this very score and model. "Lowest": of all attacked forms; where it is not its own, the attack did not know the score, and one that does may do more. Intervals, 95 %, by DeLong's variance.`,
      ...(rows.length > MANY && { folded: true }),
      columns: [
        { key: 'model', title: 'Model', format: 'text' },
        { key: 'score', title: 'Score', format: 'text' },
        { key: 'set', title: 'OOD set', format: 'text' },
        { key: 'clean', title: 'Clean', format: 'number', better: 'higher' },
        { key: 'own', title: 'Own', format: 'number', better: 'higher' },
        { key: 'lowest', title: 'Lowest', format: 'number', better: 'higher' },
        { key: 'by', title: 'Moved for', format: 'text' },
      ],
      rows,
    },
  ];
}

const aurocOf = (separation: Separation) => estimateOf(auroc, [separation]).value;
