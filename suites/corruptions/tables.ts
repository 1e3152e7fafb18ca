import { cell, type DatasetInfo, type Table } from '../../src/suite.js';
import type { Estimates, ShiftEstimates } from './estimates.js';
import { imagesOf } from './measures.js';
import type { CorruptionsOptions } from './options.js';
import type { ShiftResult } from './result.js';
import { type Group, parametersOf } from './settings.js';

export interface Judged {
  result: ShiftResult;
  estimates: ShiftEstimates;
}

type Columns = Table['columns'];
const MODEL: Columns[number] = { key: 'model', title: 'Model', format: 'text' };
const percent = (key: string, title: string, better: 'higher' | 'lower' | 'none') =>
  ({ key, title, format: 'percent', better }) as const;
const number = (key: string, title: string, better: 'higher' | 'lower' | 'none' = 'none') =>
  ({ key, title, format: 'number', better }) as const;

/** Estimates of the group of a kind and name. */
export function groupIn({ result, estimates }: Judged, kind: Group['kind'], name: string) {
  const k = result.groups.findIndex((group) => group.kind === kind && group.name === name);
  return k < 0 ? undefined : estimates.groups[k];
}

/** One row a model: clean, corrupted, and how much is lost. */
export function overviewTable(
  dataset: DatasetInfo,
  judged: readonly Judged[],
  options: CorruptionsOptions,
): Table {
  const scores = scoresIn(judged);
  const { counted, n, settings } = judged[0]!.result;
  const ratios = judged.find(({ estimates }) => estimates.ratios)?.estimates.ratios;
  const shift = judged.some((one) => groupIn(one, 'all', 'all')?.shift);
  return {
    id: `corruptions-${dataset.name}`,
    title: `Under corruptions, ${dataset.name}`,
    caption: `${n} images, corrupted: ${imagesOf(
      settings.map(({ setting }) => setting),
      parametersOf(options, dataset),
    )}. Means over ${counted.length} corruption${counted.length === 1 ? '' : 's'} at severit${options.severities.length === 1 ? 'y' : 'ies'} ${options.severities.join(', ')}, each as much as the others${ratios ? `; mCE divides the error under each corruption by that of ${ratios.reference}, relative mCE what it adds to the clean error` : ''}. AUROC: the chance that a clean image scores higher than a corrupted one; one half means that the score does not see corruptions. Intervals, 95 %, are over images, which all settings share.`,
    columns: [
      MODEL,
      percent('clean', 'Clean accuracy', 'higher'),
      percent('accuracy', 'Accuracy, corrupted', 'higher'),
      percent('clean-ece', 'Clean ECE', 'lower'),
      percent('ece', 'ECE, corrupted', 'lower'),
      ...(ratios ? [percent('mce', 'mCE', 'lower'), percent('relative', 'Relative mCE', 'lower')] : []),
      ...(shift ? [number('shift', 'Shift of log p(x)')] : []),
      ...scores.map(({ id, title }) => number(`auroc ${id}`, `AUROC, ${title}`)),
    ],
    rows: judged.map((one) => {
      const { result, estimates } = one;
      const mean = groupIn(one, 'all', 'all');
      return {
        model: result.system.name,
        clean: cell(estimates.clean.accuracy),
        'clean-ece': cell(estimates.clean.ece),
        ...(mean && rowOf(mean)),
        ...(estimates.ratios && {
          mce: cell(estimates.ratios.mce),
          relative: cell(estimates.ratios.relative),
        }),
      };
    }),
  };
}

const rowOf = ({ accuracy, ece, nll, shift, auroc }: Estimates): Table['rows'][number] => ({
  accuracy: cell(accuracy),
  ece: cell(ece),
  nll: cell(nll),
  ...(shift && { shift: cell(shift) }),
  ...Object.fromEntries([...auroc].map(([id, estimate]) => [`auroc ${id}`, cell(estimate)])),
});

const scoresIn = (judged: readonly Judged[]) => [
  ...new Map(judged.flatMap(({ result }) => result.scores.map((score) => [score.id, score]))).values(),
];

/** The accuracy of every model under every corruption and in every category. */
export function byCorruptionTable(dataset: DatasetInfo, judged: readonly Judged[]): Table {
  const groups = (kind: Group['kind']) => [
    ...new Map(
      judged.flatMap(({ result }) =>
        result.groups.filter((group) => group.kind === kind).map((group) => [group.name, group]),
      ),
    ).values(),
  ];
  const row = (kind: Group['kind'], name: string, title: string, category: string) => ({
    title,
    category,
    ...Object.fromEntries(
      judged.map((one) => {
        const estimates = groupIn(one, kind, name);
        return [`model ${one.result.system.name}`, estimates ? cell(estimates.accuracy) : null];
      }),
    ),
  });
  return {
    id: `by-corruption-${dataset.name}`,
    title: `Accuracy by corruption, ${dataset.name}`,
    caption: 'Means over severities. Extra corruptions are in no mean but that of their category.',
    columns: [
      { key: 'title', title: 'Corruption', format: 'text' },
      { key: 'category', title: 'Category', format: 'text' },
      ...judged.map(({ result: { system } }) => percent(`model ${system.name}`, system.name, 'none')),
    ],
    rows: [
      ...groups('category').map(({ name }) => row('category', name, `Mean over ${name}`, name)),
      ...groups('corruption').map(({ name, settings }) => {
        const { corruption } = settings[0]!;
        return row('corruption', name, corruption.title, corruption.category);
      }),
    ],
  };
}

/** Every number of every setting; its first column is the place in the lists of the sheet. */
export function settingsTable(dataset: DatasetInfo, judged: readonly Judged[]): Table {
  const scores = scoresIn(judged);
  return {
    id: `settings-${dataset.name}`,
    title: `Every corruption and severity, ${dataset.name}`,
    caption: '"#" is the place of a setting, from 0, in the lists of `examples/corruptions.csv`.',
    folded: true,
    columns: [
      { key: 'at', title: '#', format: 'number' },
      MODEL,
      { key: 'corruption', title: 'Corruption', format: 'text' },
      { key: 'severity', title: 'Severity', format: 'number' },
      ...(judged.some(({ result }) => result.settings.some(({ setting }) => setting.published))
        ? [{ key: 'images', title: 'Images', format: 'text' } as const]
        : []),
      percent('accuracy', 'Accuracy', 'higher'),
      percent('ece', 'ECE', 'lower'),
      number('nll', 'NLL', 'lower'),
      ...(judged.some(({ estimates }) => estimates.settings.some(({ shift }) => shift))
        ? [number('shift', 'Shift of log p(x)')]
        : []),
      ...scores.map(({ id, title }) => number(`auroc ${id}`, `AUROC, ${title}`)),
    ],
    rows: judged.flatMap(({ result, estimates }) =>
      result.settings.map(({ setting }, k) => ({
        at: setting.at,
        model: result.system.name,
        corruption: setting.corruption.name,
        severity: setting.severity,
        images: setting.published?.dataset.name ?? 'made in process',
        ...rowOf(estimates.settings[k]!),
      })),
    ),
  };
}
