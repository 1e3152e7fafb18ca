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
    ...judged.flatMap((one) => [...atChance(one), ...noReference(one)]),
  ];
}

function subsetNote(
  dataset: DatasetInfo,
  [first]: readonly Judged[],
  { severities }: CorruptionsOptions,
  { corruptions }: SuiteContext['catalogue'],
): Warning[] {
  const all = [...corruptions].filter((corruption) => isCounted({ corruption }));
  const { counted } = first.result;
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

function atChance({ result, estimates }: Judged): Warning[] {
  const { system, dataset, settings } = result;
  const chance = 1 / Math.max(1, system.classes.length);
  const low = settings.filter(
    ({ setting }, k) => isCounted(setting) && (estimates.settings[k].accuracy.interval?.[0] ?? 1) <= chance,
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
  const without = result.counted.filter((_, c) => !Number.isFinite(ratios.each[c].value));
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
