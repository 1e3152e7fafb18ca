import { cell, type DatasetInfo, type Table } from '../../src/suite.js';
import { estimateOf } from './estimates.js';
import { grouped } from './grouped.js';
import type { SelectiveResult } from './measures.js';
import { averages, type MetricRow, metrics, selective } from './metrics.js';
import type { OodOptions } from './options.js';
import { averagedAmong, type Detector, oodSetsOf, type Separation } from './result.js';

const HEAD: Table['columns'] = [
  { key: 'model', title: 'Model', format: 'text' },
  { key: 'score', title: 'Score', format: 'text' },
];

const column = ({ id: key, title, format, better }: MetricRow) => ({ key, title, format, better });

/** Metrics that every separation has. */
const plain = metrics.filter(({ outcome, convention }) => !outcome && !convention);
const auroc = plain[0]!;

/** Every system and score on one OOD set. */
export function setTable(id: DatasetInfo, ood: DatasetInfo, separations: readonly Separation[]): Table {
  const distance = ood.distance ? ` (${ood.distance})` : '';
  return {
    id: `ood-${ood.name}-${id.name}`,
    title: `${ood.name}${distance} against ${id.name}`,
    caption: `${id.size} in-distribution and ${ood.size} out-of-distribution examples. Higher scores mean in-distribution; FPR95 is the share of the other class that passes where 95 % of the positive class do. Intervals, 95 %, by DeLong's variance or by bootstrap, and no shorter than the exact bounds of scores that do not overlap.`,
    folded: true,
    columns: [...HEAD, ...plain.map(column)],
    rows: separations.map((separation) => ({
      model: separation.system.name,
      score: separation.score.title,
      ...Object.fromEntries(plain.map((row) => [row.id, cell(estimateOf(row, [separation]))])),
    })),
  };
}

/** The AUROC of every system and score on every OOD set. */
export function aurocTable(id: DatasetInfo, detectors: readonly Detector[]): Table {
  const sets = oodSetsOf(detectors);
  return {
    id: `auroc-${id.name}`,
    title: `AUROC against ${id.name}`,
    caption:
      "One half is chance. Intervals, 95 %, by DeLong's variance; exact bounds where the scores do not overlap.",
    folded: true,
    columns: [
      ...HEAD,
      ...sets.map(({ name, distance }) => ({
        key: `set ${name}`,
        title: distance ? `${name} (${distance})` : name,
        format: 'number' as const,
        better: 'higher' as const,
      })),
    ],
    rows: detectors.map(({ system, score, separations }) => ({
      model: system.name,
      score: score.title,
      ...Object.fromEntries(
        separations.map((separation) => [
          `set ${separation.ood.dataset.name}`,
          cell(estimateOf(auroc, [separation])),
        ]),
      ),
    })),
  };
}

/** Every system and score, averaged over OOD sets. */
export function meanTable(id: DatasetInfo, detectors: readonly Detector[]): Table {
  const separations = detectors.flatMap((detector) => detector.averaged);
  const used = averages
    .map((average) => {
      const own = separations.filter(({ ood }) => average.includes(ood.dataset));
      return { average, named: [...new Set(own.map(({ ood }) => ood.dataset.name))].join(', ') };
    })
    .filter(({ named }) => named);
  const columns = used.flatMap(({ average }) =>
    plain
      .filter(({ averaged }) => averaged.includes(average.id))
      .map((row) => ({ average, row, key: `${average.id}-${row.id}` })),
  );
  return {
    id: `means-${id.name}`,
    title: `Means over OOD sets, against ${id.name}`,
    caption: `Unweighted means. ${used.map(({ average, named }) => `${average.title}: ${named}.`).join(' ')} Intervals are over examples, not over the choice of sets.`,
    folded: true,
    columns: [
      ...HEAD,
      ...columns.map(({ average, row, key }) => ({
        ...column(row),
        key,
        title: `${average.title} ${row.title}`,
      })),
    ],
    rows: detectors.map((detector) => ({
      model: detector.system.name,
      score: detector.score.title,
      ...Object.fromEntries(
        columns.flatMap(({ average, row, key }) => {
          const own = detector.averaged.filter(({ ood }) => average.includes(ood.dataset));
          return own.length > 0 ? [[key, cell(estimateOf(row, own))]] : [];
        }),
      ),
    })),
  };
}

/** What the scores are worth to who rejects: with right and wrong predictions. None of systems without classes. */
export function openSetTable(
  id: DatasetInfo,
  results: readonly SelectiveResult[],
  { oodCost }: Pick<OodOptions, 'oodCost'>,
): Table[] {
  if (results.length === 0) return [];
  const areas = selective.filter((row) => row.id in results[0]!.areas);
  const rows = metrics.filter(({ outcome }) => outcome);
  return [
    {
      id: `open-set-${id.name}`,
      title: `With right and wrong predictions, on ${id.name}`,
      caption: `AURC and AUGRC: the risk of what the score keeps of ${id.name} alone, averaged over how much it keeps; 0 is best. OSCR: the chance that an image is classified rightly and scores higher than an OOD image, at most the accuracy. SCOD: the same areas where OOD images are in the pool, and keeping one costs ${oodCost}; they depend on how many there are. Means over the OOD sets. Intervals, 95 %: by DeLong's variance of OSCR, else by influence functions.`,
      folded: true,
      columns: [
        ...HEAD,
        ...areas.map(({ id: key, title }) => ({
          key,
          title,
          format: 'number' as const,
          better: 'lower' as const,
        })),
        ...rows.map((row) => ({ ...column(row), title: `Mean ${row.title}` })),
      ],
      rows: results.map(({ detector, areas: own }) => ({
        model: detector.system.name,
        score: detector.score.title,
        ...Object.fromEntries(areas.map((row) => [row.id, cell(own[row.id]!)])),
        ...Object.fromEntries(rows.map((row) => [row.id, cell(estimateOf(row, detector.averaged))])),
      })),
    },
  ];
}

/** As OpenOOD prints them, by OOD set; its near and far means are unweighted too. */
export function conventionTable(
  id: DatasetInfo,
  separations: readonly Separation[],
  { conventions }: Pick<OodOptions, 'conventions'>,
): Table[] {
  if (!conventions.includes('openood')) return [];
  const own = metrics.filter(({ convention }) => convention === 'openood');
  const rows = [own[0]!, auroc, ...own.slice(1)];
  return [
    {
      id: `openood-${id.name}`,
      title: `As OpenOOD computes them, against ${id.name}`,
      caption:
        "OOD is positive. FPR@95: ID images rejected at the first threshold that rejects 95 % of the OOD images; AUPR by trapezoids. AUROC is the same in all conventions. Intervals, 95 %: of FPR@95 and AUPR percentiles of the bootstrap, which are too short of few examples and next to 0 and 1; of AUROC by DeLong's variance. OpenOOD prints none.",
      folded: true,
      columns: [
        ...HEAD,
        { key: 'set', title: 'OOD set', format: 'text' },
        ...rows.map((row) => ({ ...column(row), format: 'percent' as const })),
      ],
      rows: grouped(separations, ({ id: of }) => of).flatMap((against) => {
        const of = against[0]!.id;
        const over = averagedAmong(against);
        const means = (sets: readonly Separation[]) => sets.filter((one) => over.includes(one));
        const line = (set: string, sets: readonly Separation[]) => ({
          model: of.system.name,
          score: of.score.title,
          set,
          ...Object.fromEntries(rows.map((row) => [row.id, cell(estimateOf(row, sets))])),
        });
        return averages
          .filter(({ id: average }) => average !== 'mean')
          .map((average) => against.filter(({ ood }) => average.includes(ood.dataset)))
          .concat([against.filter(({ ood }) => ood.dataset.distance === undefined)])
          .flatMap((sets, g) => [
            ...sets.map((separation) => line(separation.ood.dataset.name, [separation])),
            ...(g < 2 && means(sets).length > 0 ? [line(['nearood', 'farood'][g]!, means(sets))] : []),
          ]);
      }),
    },
  ];
}
