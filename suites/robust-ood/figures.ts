import { parseEpsilon } from '../../src/attack.js';
import type { Estimate } from '../../src/metrics.js';
import { cell, type DatasetInfo, type LineFigure, point, type Table } from '../../src/suite.js';
import { estimateOf } from './estimates.js';
import { attackName, byRadius, METRICS } from './measures.js';
import type { Raised } from './robust-auroc.js';
import { type Evaded, isReproduced } from './undetected-errors.js';

const DETECTOR: Table['columns'] = [
  { key: 'model', title: 'System', format: 'text' },
  { key: 'score', title: 'Score', format: 'text' },
];

const points = (epsilons: readonly string[], estimates: readonly Estimate[]) =>
  estimates
    .map((estimate, k) => point(k === 0 ? 0 : parseEpsilon(epsilons[k - 1]!).value, estimate))
    .filter(({ y }) => Number.isFinite(y));

const ticks = (epsilons: readonly string[]) => [
  { value: 0, label: '0' },
  ...epsilons.map((text) => ({ value: parseEpsilon(text).value, label: text })),
];

const rankingCells = (groups: readonly Raised[]) =>
  Object.fromEntries(
    METRICS.flatMap(({ id, metric }) => [
      [`clean ${id}`, cell(estimateOf(metric, groups))],
      ...byRadius(groups[0]!).map((epsilon, k) => [`${id} ${epsilon}`, cell(estimateOf(metric, groups, k))]),
    ]),
  );

const rankingColumns = (raised: Raised): Table['columns'] =>
  METRICS.flatMap(({ id, title, better, format }) => [
    { key: `clean ${id}`, title: `${title}, clean`, format, better },
    ...byRadius(raised).map((epsilon) => ({ key: `${id} ${epsilon}`, title: epsilon, format, better })),
  ]);

/** A row per detector, averaged over OOD sets; and, folded, a row per detector and OOD set. */
export function raisedTables(
  prefix: string,
  id: DatasetInfo,
  groups: readonly (readonly Raised[])[],
): Table[] {
  if (groups.length === 0) return [];
  const first = groups[0]![0]!;
  const name = attackName(first);
  const rule =
    "Clean test images against OOD images that were attacked to look in-distribution to this very score. Higher scores mean in-distribution; FPR95 is the share of OOD images that pass where 95 % of test images do. Intervals, 95 %: of AUROC by DeLong's variance, of FPR95 by bootstrap.";
  return [
    {
      id: `${prefix}-auroc-${id.name}`,
      title: `OOD detection under attack, ${name}, against ${id.name}`,
      caption: `${rule} Unweighted means over ${groups[0]!.map(({ ood }) => ood.name).join(', ')}. The columns after each clean one are radii. An upper bound: a stronger attack can only lower AUROC and raise FPR95.`,
      columns: [...DETECTOR, ...rankingColumns(first)],
      rows: groups.map((group) => ({
        model: group[0]!.system.name,
        score: group[0]!.score.title,
        ...rankingCells(group),
      })),
    },
    {
      id: `${prefix}-auroc-by-set-${id.name}`,
      title: `OOD detection under attack, set by set, ${name}, against ${id.name}`,
      caption: rule,
      folded: true,
      columns: [...DETECTOR, { key: 'ood', title: 'OOD set', format: 'text' }, ...rankingColumns(first)],
      rows: groups.flat().map((raised) => ({
        model: raised.system.name,
        score: raised.score.title,
        ood: raised.ood.name,
        ...rankingCells([raised]),
      })),
    },
  ];
}

/** Mean AUROC against the radius, a chart per score and a curve per system. */
export function raisedCurves(
  prefix: string,
  id: DatasetInfo,
  groups: readonly (readonly Raised[])[],
): LineFigure[] {
  const scores = [...new Set(groups.map((group) => group[0]!.score))];
  return scores.map((score) => {
    const own = groups.filter((group) => group[0]!.score === score);
    const first = own[0]![0]!;
    return {
      kind: 'lines',
      id: `${prefix}-auroc-${score.id}-${id.name}`,
      title: `Mean AUROC by ${score.title} under attack`,
      caption:
        'One half is chance. Below it, attacked OOD images look more in-distribution than clean test images.',
      xLabel: `${first.planned.params.norm} radius`,
      yLabel: 'mean AUROC',
      yDomain: [0, 1],
      yFormat: 'number',
      xTicks: ticks(byRadius(first)),
      points: true,
      series: own.map((group) => ({
        name: group[0]!.system.name,
        points: points(
          byRadius(first),
          [undefined, ...byRadius(first).keys()].map((k) => estimateOf('auroc', group, k)),
        ),
      })),
    };
  });
}

/** A row per detector and radius: errors that pass, beside those of an attack that knows no detector. */
export function evadedTable(prefix: string, id: DatasetInfo, results: readonly Evaded[]): Table[] {
  const own = results.filter((result) => result.id.name === id.name);
  if (own.length === 0) return [];
  const { n, reference } = own[0]!;
  const itself = reference.name === id.name ? ' itself, since the run has no validation set' : '';
  return [
    {
      id: `${prefix}-undetected-${id.name}`,
      title: `Errors past a detector, ${attackName(own[0]!)}, ${id.name}`,
      caption: `Share of all ${n} examples for which an image was found that is misclassified and accepted: by an attack that knows the detector, or by the plain one beside it. A lower bound: a stronger attack finds more. A detector accepts an image whose score is at least what 95 % of the clean images of "${reference.name}"${itself} reach. The plain attack does not know the detector and stops at its first misclassified image; "refused" is the share of its errors that the detector stops.`,
      columns: [
        ...DETECTOR,
        { key: 'radius', title: `${own[0]!.planned.params.norm} radius`, format: 'text' },
        { key: 'undetected', title: 'undetected errors', format: 'percent', better: 'none' },
        { key: 'mistaken', title: 'errors, plain attack', format: 'percent', better: 'none' },
        { key: 'refused', title: 'of which refused', format: 'percent', better: 'none' },
        { key: 'confirmed', title: 'confirmed', format: 'text' },
      ],
      rows: own.flatMap((result) =>
        result.undetected.map((undetected, k) => ({
          model: result.system.name,
          score: result.score.title,
          radius: k === 0 ? 'clean' : byRadius(result)[k - 1]!,
          undetected: k === 0 || isReproduced(result) ? cell(undetected) : null,
          mistaken: cell(result.mistaken[k]!),
          refused: cell(result.refused[k]!, { mark: ` of ${result.refused[k]!.n}` }),
          confirmed:
            k === byRadius(result).length ? `${result.found - result.unconfirmed} of ${result.found}` : '',
        })),
      ),
    },
    {
      id: `${prefix}-thresholds-${id.name}`,
      title: `Thresholds of the detectors, ${id.name}`,
      caption:
        'Where the two shares differ by more than chance, the sets are not alike. The threshold of max softmax is that of its logarithm, which attacks see.',
      folded: true,
      columns: [
        ...DETECTOR,
        { key: 'threshold', title: 'threshold', format: 'number' },
        { key: 'reference', title: `accepted of ${reference.name}`, format: 'percent', better: 'none' },
        ...(itself
          ? []
          : [{ key: 'test', title: `accepted of ${id.name}`, format: 'percent', better: 'none' } as const]),
      ],
      rows: own.map(({ system, score, threshold, accepted, acceptedReference }) => ({
        model: system.name,
        score: score.title,
        threshold: Number.isFinite(threshold) ? threshold : null,
        reference: cell(acceptedReference),
        ...(!itself && { test: cell(accepted) }),
      })),
    },
  ];
}

/** Undetected errors against the radius, a chart per score, beside errors of the plain attack. */
export function evadedCurves(prefix: string, id: DatasetInfo, results: readonly Evaded[]): LineFigure[] {
  const own = results.filter((result) => result.id.name === id.name && isReproduced(result));
  return [...new Set(own.map(({ score }) => score))].map((score) => {
    const ofScore = own.filter((result) => result.score === score);
    const epsilons = byRadius(ofScore[0]!);
    return {
      kind: 'lines',
      id: `${prefix}-undetected-${score.id}-${id.name}`,
      title: `Undetected errors past ${score.title}`,
      caption: 'Beside all errors of an attack that does not know the detector.',
      xLabel: `${ofScore[0]!.planned.params.norm} radius`,
      yLabel: 'share of all examples',
      yDomain: [0, 1],
      yFormat: 'percent',
      xTicks: ticks(epsilons),
      points: true,
      series: ofScore.flatMap(({ system, undetected, mistaken }) => [
        { name: system.name, points: points(epsilons, undetected) },
        // Without bands: those of the other curves are to be seen.
        {
          name: system.name,
          variant: 'plain attack, all errors',
          dashed: true,
          points: points(
            epsilons,
            mistaken.map((m) => ({ ...m, interval: null })),
          ),
        },
      ]),
    };
  });
}
