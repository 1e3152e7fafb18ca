import { LIKE, type ParameterSet } from '../../src/data.js';
import { type Measure, type MeasureDescription, measure } from '../../src/suite.js';
import type { Estimates, Ratios, ShiftEstimates } from './estimates.js';
import type { CorruptionsOptions } from './options.js';
import { PUBLISHED } from './published.js';
import type { ShiftResult } from './result.js';
import { type Group, parametersOf, type Setting } from './settings.js';
import { rowsOf } from './sheet.js';

export const SUITE = 'corruptions';

type Common = Pick<MeasureDescription, 'suite' | 'model' | 'dataset' | 'params'>;

/** Names of measures by what they are of: one setting, or a mean. None is that of another suite: gates select by name. */
const NAMES = {
  setting: {
    accuracy: 'corrupted-accuracy',
    ece: 'corrupted-ece',
    nll: 'corrupted-nll',
    shift: 'log-px-shift',
    auroc: 'corruption-auroc',
  },
  group: {
    accuracy: 'mean-corrupted-accuracy',
    ece: 'mean-corrupted-ece',
    nll: 'mean-corrupted-nll',
    shift: 'mean-log-px-shift',
    auroc: 'mean-corruption-auroc',
  },
} as const;

export const MEASURES: readonly string[] = [
  ...Object.values(NAMES.setting),
  ...Object.values(NAMES.group),
  'corruption-error',
  'mean-corruption-error',
  'relative-mean-corruption-error',
];

/** What a group is called after the name of a number: `, mean over noise`. */
function titleOf(of: Setting | Group, counted: number): string {
  if (!('settings' in of)) return `${of.corruption.title.toLowerCase()}, severity ${of.severity}`;
  if (of.kind === 'all') return `mean over ${counted} corruption${counted === 1 ? '' : 's'}`;
  if (of.kind === 'severity') return `severity ${of.name}, mean over ${counted} corruptions`;
  const name = of.kind === 'corruption' ? of.settings[0]!.corruption.title.toLowerCase() : of.name;
  return `${name}, mean over ${of.kind === 'corruption' ? 'severities' : 'its corruptions'}`;
}

const paramsOf = (of: Setting | Group): Record<string, string | number> => {
  if (!('settings' in of)) return { corruption: of.corruption.name, severity: of.severity };
  return of.kind === 'all'
    ? { averaged: 'all' }
    : { averaged: of.kind, [of.kind]: of.kind === 'severity' ? Number(of.name) : of.name };
};

/** Whether images are those that were published: no others can be compared with published numbers. */
export function imagesOf(settings: readonly Setting[], parameters: ParameterSet): string {
  const own = settings.filter(({ published }) => published).length;
  if (own === 0) return `${LIKE[parameters]}, made in process`;
  return own === settings.length ? PUBLISHED : `${own} of ${settings.length} settings from ${PUBLISHED}`;
}

export function shiftMeasures(
  result: ShiftResult,
  estimates: ShiftEstimates,
  options: CorruptionsOptions,
): Measure[] {
  const parameters = parametersOf(options, result.dataset);
  const common = { suite: SUITE, model: result.system.name, dataset: result.dataset.name };
  const describe = (of: Setting | Group): Common => ({
    ...common,
    params: {
      ...paramsOf(of),
      parameters,
      images: imagesOf('settings' in of ? of.settings : [of], parameters),
    },
  });
  const made = (of: Setting | Group, shown: Estimates) =>
    measuresOf(result, of, shown, describe(of), options.bins);
  return [
    ...result.groups.flatMap((group, k) => made(group, estimates.groups[k]!)),
    ...(estimates.ratios
      ? ratioMeasures(result, estimates.ratios, {
          ...common,
          params: {
            parameters,
            images: imagesOf(
              result.settings.map(({ setting }) => setting),
              parameters,
            ),
          },
        })
      : []),
    ...result.settings.flatMap(({ setting }, k) => made(setting, estimates.settings[k]!)),
  ];
}

function measuresOf(
  result: ShiftResult,
  of: Setting | Group,
  estimates: Estimates,
  common: Common,
  bins: number,
): Measure[] {
  const isGroup = 'settings' in of;
  const names = isGroup ? NAMES.group : NAMES.setting;
  const title = titleOf(of, result.counted.length);
  const headline = isGroup && of.kind === 'all';
  return [
    measure(
      {
        ...common,
        measure: names.accuracy,
        title: `Accuracy, ${title}`,
        better: 'higher',
        format: 'percent',
        ...(headline && { headline: true, note: 'the mean corruption error is 1 less this' }),
        rows: rowsOf.accuracy(result, of),
      },
      estimates.accuracy,
    ),
    measure(
      {
        ...common,
        measure: names.ece,
        title: `ECE, ${title}`,
        params: { ...common.params, bins },
        better: 'lower',
        format: 'percent',
        rows: rowsOf.ece(result, of, bins),
      },
      estimates.ece,
    ),
    measure(
      {
        ...common,
        measure: names.nll,
        title: `NLL (nats), ${title}`,
        better: 'lower',
        format: 'number',
        rows: rowsOf.mean('nll', result, of),
      },
      estimates.nll,
    ),
    ...(estimates.shift
      ? [
          measure(
            {
              ...common,
              measure: names.shift,
              title: `log p(x) less that of the clean image, ${title}`,
              better: 'none',
              format: 'number',
              rows: rowsOf.mean('log_px_shift', result, of),
            },
            estimates.shift,
          ),
        ]
      : []),
    ...result.scores.flatMap((score) => {
      const estimate = estimates.auroc.get(score.id);
      if (!estimate) return [];
      return [
        measure(
          {
            ...common,
            measure: names.auroc,
            title: `AUROC of clean against corrupted by ${score.title}, ${title}`,
            params: { ...common.params, score: score.id },
            better: 'none',
            format: 'number',
            rows: rowsOf.auroc(score.id, result, of),
          },
          estimate,
        ),
      ];
    }),
  ];
}

function ratioMeasures(result: ShiftResult, ratios: Ratios, common: Common): Measure[] {
  const params = { ...common.params, reference: ratios.reference };
  const about = { ...common, params, better: 'lower', format: 'percent' } as const;
  const undefinedRatio = (value: number) =>
    Number.isFinite(value)
      ? {}
      : { note: `${ratios.reference} makes no more mistakes there than on clean images, or none` };
  return [
    measure(
      {
        ...about,
        ...undefinedRatio(ratios.mce.value),
        measure: 'mean-corruption-error',
        title: `mCE against ${ratios.reference}`,
        headline: true,
        rows: rowsOf.ratio(result, ''),
      },
      ratios.mce,
    ),
    measure(
      {
        ...about,
        ...undefinedRatio(ratios.relative.value),
        measure: 'relative-mean-corruption-error',
        title: `Relative mCE against ${ratios.reference}`,
        rows: rowsOf.ratio(result, 'relative_'),
      },
      ratios.relative,
    ),
    ...result.counted.map((corruption, c) =>
      measure(
        {
          ...about,
          ...undefinedRatio(ratios.each[c]!.value),
          params: { ...params, corruption },
          measure: 'corruption-error',
          title: `CE against ${ratios.reference}, ${corruption}`,
          rows: rowsOf.ratio(result, '', c),
        },
        ratios.each[c]!,
      ),
    ),
  ];
}
