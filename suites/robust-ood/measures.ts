import { type Estimate, exact } from '../../src/metrics.js';
import { type Measure, type MeasureRows, measure } from '../../src/suite.js';
import { estimateOf } from './estimates.js';
import type { Raised } from './robust-auroc.js';
import { type Evaded, isReproduced } from './undetected-errors.js';

/** What is reported of a ranking. */
export const METRICS = [
  {
    id: 'auroc',
    metric: 'auroc',
    statistic: 'auroc',
    title: 'AUROC',
    better: 'higher',
    format: 'number',
  },
  {
    id: 'fpr95',
    metric: 'fpr95IdPositive',
    statistic: 'fpr95-id-positive',
    title: 'FPR95 (ID positive)',
    better: 'lower',
    format: 'percent',
  },
] as const;

export const byRadius = ({ planned: { params } }: Pick<Raised, 'planned'>) => params.epsilons;

/** The column of scores under attack. */
export const attackedColumn = (epsilon: string) => `attacked_${epsilon}`;

/** `PGD-40 Linf`. */
export const attackName = ({ planned: { label, params } }: Pick<Raised, 'planned'>) =>
  `${label} ${params.norm}`;

/** Scores of clean test images, and of OOD images as they are or under attack. */
function rowsOf(
  sheet: string,
  oods: readonly Raised[],
  statistic: string,
  epsilon: string | undefined,
): MeasureRows {
  const { system, score, id } = oods[0]!;
  const by = { model: system.name, score: score.id, test_set: id.name };
  const shown = epsilon === undefined ? 'clean' : attackedColumn(epsilon);
  return {
    sheet,
    where: { ...by, role: 'test' },
    statistic,
    columns: { score: 'clean' },
    against: oods.map(({ ood }) => ({
      where: { ...by, role: 'ood', ood_set: ood.name },
      columns: { score: shown },
    })),
  };
}

/** Of one detector on every OOD set: clean and attacked. */
export function raisedMeasures(
  suite: string,
  sheet: string,
  group: readonly Raised[],
  headline: boolean,
): Measure[] {
  const { system, score, id, planned } = group[0]!;
  const epsilons = byRadius(group[0]!);
  const row = (
    metric: (typeof METRICS)[number],
    of: {
      dataset: string;
      prefix: string;
      what: string;
      note: string;
      oods: readonly Raised[];
      headline?: boolean;
    },
    k?: number,
  ) => {
    const epsilon = k === undefined ? undefined : epsilons[k];
    return measure(
      {
        suite,
        measure: `${of.prefix}${epsilon === undefined ? 'clean' : 'robust'}-${metric.id}`,
        title:
          epsilon === undefined
            ? `${of.what}${metric.title} by ${score.title}, clean`
            : `${of.what}${metric.title} by ${score.title} under ${attackName(group[0]!)} ${epsilon}`,
        model: system.name,
        dataset: of.dataset,
        params:
          epsilon === undefined
            ? { score: score.id, against: id.name }
            : { score: score.id, against: id.name, ...planned.about, epsilon },
        better: metric.better,
        format: metric.format,
        note: of.note,
        rows: rowsOf(sheet, of.oods, metric.statistic, epsilon),
        ...(of.headline && metric.id === 'auroc' && { headline: true }),
      },
      estimateOf(metric.metric, of.oods, k),
    );
  };
  const ofSet = (raised: Raised) => ({
    oods: [raised],
    dataset: raised.ood.name,
    prefix: '',
    what: '',
    note: `${raised.idScores.length} clean ID and ${raised.cleanScores.length} OOD examples`,
  });
  const mean = {
    oods: group,
    dataset: id.name,
    prefix: 'mean-',
    what: 'Mean ',
    note: `over ${group.map(({ ood }) => ood.name).join(', ')}`,
  };
  return METRICS.flatMap((metric) => [
    row(metric, mean),
    ...epsilons.map((_, k) => row(metric, { ...mean, headline: headline && k === epsilons.length - 1 }, k)),
    ...group.flatMap((raised) => [
      row(metric, ofSet(raised)),
      ...epsilons.map((_, k) => row(metric, ofSet(raised), k)),
    ]),
  ]);
}

/** Of one detector on one test set: errors that it lets pass, and what a plain attack comes to. */
export function evadedMeasures(suite: string, sheet: string, result: Evaded, headline: boolean): Measure[] {
  const { system, id, score, planned, reference, accepted, undetected, mistaken, refused } = result;
  const { title } = score;
  const name = attackName(result);
  const epsilons = ['0', ...byRadius(result)];
  const detector = { score: score.id, threshold: reference.name };
  const about = (k: number) => ({ ...detector, ...planned.about, epsilon: epsilons[k]! });
  const common = { suite, model: system.name, dataset: id.name, format: 'percent' } as const;
  const columnAt = (k: number) => (k === 0 ? 'clean' : epsilons[k]);
  const shareOf = (outcome: string, among: MeasureRows['where'] = {}): MeasureRows => ({
    sheet,
    where: { model: system.name, score: score.id, dataset: id.name, ...among },
    statistic: 'share',
    columns: { outcome },
  });
  const where = (k: number) => (k === 0 ? 'clean images' : `${name} ${epsilons[k]}`);
  const failed = isReproduced(result)
    ? undefined
    : `failed: ${result.unconfirmed} of ${result.found} images were not reproduced in a fresh pass`;
  const published = (estimate: Estimate, k: number) =>
    failed && k > 0 ? exact(Number.NaN, estimate.n) : estimate;
  return [
    ...undetected.map((estimate, k) =>
      measure(
        {
          ...common,
          measure: 'undetected-error-rate',
          title: `Undetected errors past ${title}, ${where(k)}`,
          params: about(k),
          better: 'lower',
          headline: headline && k === epsilons.length - 1,
          rows: shareOf(`undetected_${columnAt(k)}`),
          note:
            (k > 0 ? failed : undefined) ??
            'of all examples: an image was found that is misclassified and accepted; a lower bound',
        },
        published(estimate, k),
      ),
    ),
    ...mistaken.map((estimate, k) =>
      measure(
        {
          ...common,
          measure: 'plain-error-rate',
          title: `Errors under an attack that does not know the detector, ${where(k)}`,
          params: about(k),
          better: 'lower',
          rows: shareOf(`mistaken_${columnAt(k)}`),
        },
        estimate,
      ),
    ),
    ...refused.map((estimate, k) =>
      measure(
        {
          ...common,
          measure: 'plain-errors-refused',
          title: `Errors refused by ${title}, ${where(k)}`,
          params: about(k),
          better: 'higher',
          rows: shareOf('plain_refused', { [`mistaken_${columnAt(k)}`]: true }),
          note:
            estimate.n === 0
              ? 'nothing was misclassified'
              : 'of the misclassified images of the attack that does not know the detector',
        },
        estimate,
      ),
    ),
    measure(
      {
        ...common,
        measure: 'clean-acceptance',
        title: `Clean images accepted by ${title}`,
        params: detector,
        better: 'none',
        note: `95 % of "${reference.name}" are accepted by construction`,
      },
      accepted,
    ),
  ];
}
