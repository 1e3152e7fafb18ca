import { delongEstimate, type Placements, placements, placementsIn } from '../../src/metrics.js';
import { cell, type DatasetInfo, type Table } from '../../src/suite.js';
import { groupsBy } from './grouped.js';
import type { Detector } from './result.js';

/** So many classes of a system are shown. */
const WORST = 10;

interface OfClass {
  k: number;
  nId: number;
  nOod: number;
  auroc: number;
  /** Of each OOD set: made only of classes that are shown. */
  components(): Placements[];
}

/** How well one score does class by class, worst first: by label, and by the class that is predicted. */
export function classTables(id: DatasetInfo, detectors: readonly Detector[], score: string): Table[] {
  const own = detectors.filter(
    (detector) => detector.score.id === score && detector.system.classes.length > 1,
  );
  return [
    tableOf(own, byLabel, {
      id: `label-auroc-${id.name}`,
      title: 'Classes whose images look most OOD',
      caption: `AUROC of the images of ${id.name} with that label, the mean over the OOD sets.`,
    }),
    tableOf(own, byPrediction, {
      id: `prediction-auroc-${id.name}`,
      title: 'Predicted classes that tell OOD images worst',
      caption: `AUROC of the images of ${id.name} against those of all OOD sets together, of both only those for which that class is predicted.`,
    }),
  ].flat();
}

function tableOf(
  detectors: readonly Detector[],
  classesOf: (detector: Detector) => OfClass[],
  { caption, ...about }: Pick<Table, 'id' | 'title'> & { caption: string },
): Table[] {
  const each = detectors.map((detector) => ({
    detector,
    classes: classesOf(detector).sort((a, b) => a.auroc - b.auroc || a.k - b.k),
  }));
  if (each.every(({ classes }) => classes.length === 0)) return [];
  const most = Math.max(...each.map(({ classes }) => classes.length));
  const picked =
    most > WORST
      ? ` The ${WORST} lowest of up to ${most} classes of each model: the lowest of many are too low for having been picked.`
      : '';
  return [
    {
      ...about,
      title: `${about.title}, by ${detectors[0]!.score.title}`,
      caption: `${caption} Intervals, 95 %, by DeLong's variance; exact bounds where the scores do not overlap; else none of one image.${picked}`,
      folded: true,
      columns: [
        { key: 'model', title: 'Model', format: 'text' },
        { key: 'class', title: 'Class', format: 'text' },
        { key: 'id', title: 'Test images', format: 'number' },
        { key: 'ood', title: 'OOD images', format: 'number' },
        { key: 'class-auroc', title: 'AUROC', format: 'number', better: 'none' },
      ],
      rows: each.flatMap(({ detector: { system }, classes }) =>
        classes.slice(0, WORST).map(({ k, nId, nOod, auroc, components }) => ({
          model: system.name,
          class: system.classes[k] ?? String(k),
          ...{ id: nId, ood: nOod },
          'class-auroc': cell(delongEstimate(auroc, components())),
        })),
      ),
    },
  ];
}

/** Where each class is. */
const placesOf = (classes: ArrayLike<number>): Map<number, number[]> =>
  groupsBy(Array.from(classes).keys(), (i) => classes[i]!);

const meanOf = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** Mean AUROC over the OOD sets that means are over. Their mean over classes, by the images of each, is that of the whole test set. */
function byLabel({ id, averaged }: Detector): OfClass[] {
  const { labels } = id.predicted ?? {};
  const sets = averaged.filter(({ ood }) => ood.values.length > 0);
  if (!labels || sets.length === 0) return [];
  const classes = [...placesOf(labels)].map(([k, at]) => ({
    k,
    at,
    auroc: meanOf(sets.map(({ placed }) => meanOf(at.map((i) => placed.id[i]!)))),
  }));
  const nOod = sets.reduce((sum, { ood }) => sum + ood.values.length, 0);
  return classes.map(({ k, at, auroc }) => ({
    ...{ k, nId: at.length, nOod, auroc },
    components: () =>
      sets.map(({ ranking }) => placementsIn({ ...ranking, id: Int32Array.from(at, (i) => ranking.id[i]!) })),
  }));
}

/** Of what is predicted to be of a class; classes without images of both kinds have none. */
function byPrediction({ id, averaged }: Detector): OfClass[] {
  const sets = averaged.map(({ ood }) => ood);
  if (!id.predicted || sets.some(({ predicted }) => !predicted)) return [];
  const ofId = placesOf(id.predicted.prediction);
  const ofOod = placesOf(sets.flatMap(({ predicted }) => Array.from(predicted?.prediction ?? [])));
  const values = sets.flatMap((set) => Array.from(set.values));
  return [...ofId].flatMap(([k, at]) => {
    const others = ofOod.get(k) ?? [];
    if (others.length === 0) return [];
    const own = placements(
      at.map((i) => id.values[i]!),
      others.map((i) => values[i]!),
    );
    return [{ k, nId: at.length, nOod: others.length, auroc: own.auroc, components: () => [own] }];
  });
}
