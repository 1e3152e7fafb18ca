import type { DatasetInfo, SuiteContext, Warning } from '../../src/suite.js';
import { SUITE } from './measures.js';
import type { CorruptionsOptions } from './options.js';
import { isCounted } from './settings.js';
import type { Judged } from './tables.js';

/** Settings of which accuracy is not told from chance: where they are many, models differ less than they seem to. */
const MANY = 0.2;

/** What must not be read into the numbers. */
export function shiftWarnings(
  dataset: DatasetInfo,
  judged: readonly Judged[],
  options: CorruptionsOptions,
  { catalogue }: Pick<SuiteContext, 'catalogue'>,
): Warning[] {
  return [
    ...subsetNote(dataset, judged, options, catalogue),
    ...publishedInPart(dataset, judged),
    ...judged.flatMap((one) => [...leftOut(one), ...atChance(one), ...noReference(one)]),
  ];
}

function subsetNote(
  dataset: DatasetInfo,
  judged: readonly Judged[],
  { severities }: CorruptionsOptions,
  { corruptions }: SuiteContext['catalogue'],
): Warning[] {
  const all = [...corruptions].filter((corruption) => isCounted({ corruption }));
  const { counted } = judged[0]!.result;
  if (counted.length === all.length && severities.length === 5) return [];
  return [
    {
      code: 'corruptions-in-part',
      severity: 'note',
      suite: SUITE,
      dataset: dataset.name,
      message: `means are over ${counted.length} of ${all.length} corruptions and ${severities.length} of 5 severities`,
      why: 'published means are over all of them: these cannot be compared with those',
      fix: 'leave `corruptions` and `severities` out, which takes all',
    },
  ];
}

/** Means over published images and such as are made here. */
function publishedInPart(dataset: DatasetInfo, judged: readonly Judged[]): Warning[] {
  const counted = judged[0]!.result.settings.map(({ setting }) => setting).filter(isCounted);
  const made = counted.filter(({ published }) => !published);
  if (made.length === 0 || made.length === counted.length) return [];
  return [
    {
      code: 'published-images-in-part',
      severity: 'note',
      suite: SUITE,
      dataset: dataset.name,
      message: `means are over published images (${counted.length - made.length} settings) and images made in process (${made.length})`,
      why: 'they are those of neither, and cannot be compared with published ones',
      fix: `add data sets of ${[...new Set(made.map(({ corruption }) => corruption.name))].join(', ')}, or leave published ones out of \`datasets\` of the suite`,
    },
  ];
}

/** Published images that the run has, where images of their settings were made in process all the same. */
export function unusedPublished(
  judged: readonly Judged[],
  { datasets }: Pick<SuiteContext, 'datasets'>,
): Warning[] {
  const all = judged.flatMap(({ result }) =>
    result.settings.map(({ setting }) => ({ ...setting, clean: result.dataset })),
  );
  const used = new Set(all.flatMap(({ published }) => (published ? [published.dataset.name] : [])));
  return datasets.flatMap(({ name, size, corruption }): Warning[] => {
    const missed = all.find(
      (one) =>
        !one.published &&
        one.corruption.name === corruption?.name &&
        (corruption.severity ?? one.severity) === one.severity,
    );
    if (!missed || used.has(name)) return [];
    const { clean } = missed;
    return [
      {
        code: 'published-images-unused',
        severity: 'warning',
        suite: SUITE,
        dataset: name,
        message: `images of ${missed.corruption.name} were made in process, and the published ones of "${name}" (${size}) not used: they do not stand beside those of "${clean.name}" (${clean.size})`,
        why: 'images that are made here are not the published ones, and their numbers cannot be compared',
        fix: `give "${name}" labels, images of the same size, a \`severity\`, and the \`limit\` and \`offset\` of "${clean.name}"; without \`severity\` it must hold all five, ${5 * clean.size} images`,
      },
    ];
  });
}

function leftOut({ result: { system, dataset, n, asked } }: Judged): Warning[] {
  if (n === asked) return [];
  return [
    {
      code: 'failed-in-a-setting',
      severity: 'warning',
      suite: SUITE,
      model: system.name,
      dataset: dataset.name,
      message: `${asked - n} of ${asked} images of "${dataset.name}" failed for "${system.name}" in some setting: they are left out of all`,
      why: 'every mean is of the images that have all their forms; other models may have others',
      fix: 'see the warnings of failed examples, and `corruptions-failed.csv`',
    },
  ];
}

function atChance({ result, estimates }: Judged): Warning[] {
  const { system, dataset, settings } = result;
  const chance = 1 / Math.max(1, system.classes.length);
  const low = settings.filter(
    ({ setting }, k) => isCounted(setting) && (estimates.settings[k]!.accuracy.interval?.[0] ?? 1) <= chance,
  );
  const of = settings.filter(({ setting }) => isCounted(setting)).length;
  if (of === 0 || low.length <= MANY * of) return [];
  return [
    {
      code: 'accuracy-at-chance',
      severity: 'warning',
      suite: SUITE,
      model: system.name,
      dataset: dataset.name,
      message: `in ${low.length} of ${of} settings the accuracy of "${system.name}" is not told from chance`,
      why: 'where nothing is left to lose, mean accuracy and mCE no longer tell models apart',
      fix: 'compare at lower severities, or on more images',
    },
  ];
}

function noReference({ result, estimates: { ratios } }: Judged): Warning[] {
  if (!ratios || Number.isFinite(ratios.mce.value)) return [];
  const without = result.counted.filter((_, c) => !Number.isFinite(ratios.each[c]!.value));
  return [
    {
      code: 'reference-without-errors',
      severity: 'warning',
      suite: SUITE,
      model: result.system.name,
      dataset: result.dataset.name,
      message: `mCE is not defined: "${ratios.reference}" makes no mistake under ${without.join(', ')}`,
      why: 'mCE divides by its errors',
      fix: 'choose a weaker `reference`, or measure more images',
    },
  ];
}
