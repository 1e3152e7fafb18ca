import { whyNot } from '../../src/data.js';
import { chosenScores, lacksOf } from '../../src/score.js';
import {
  checkReference,
  defineSuite,
  fewUsed,
  labelledTestSets,
  type NotApplicable,
  type SuiteContext,
  singleDraw,
  withoutLabels,
} from '../../src/suite.js';
import { estimatesOf } from './estimates.js';
import { shiftFigures } from './figures.js';
import { MEASURES, SUITE, shiftMeasures } from './measures.js';
import { type CorruptionsOptions, corruptionsOptions } from './options.js';
import { PUBLISHED_REFERENCE, referenceOf } from './reference.js';
import { type ShiftResult, shiftResult } from './result.js';
import { cleanSets, isCorrupted } from './sets.js';
import { requestsFor } from './settings.js';
import { type SheetPart, shiftSheet } from './sheet.js';
import { byCorruptionTable, type Judged, overviewTable, settingsTable } from './tables.js';
import { shiftWarnings, unusedPublished } from './warnings.js';

export const corruptions = defineSuite({
  name: SUITE,
  title: 'Common corruptions',
  description:
    'What is left of accuracy and calibration when images are noisy, blurred, seen through weather or compressed, at five severities (Hendrycks & Dietterich 2019), and whether the model notices: how log p(x) moves, and whether a score tells corrupted images from clean ones. Means count every corruption alike. mCE divides the errors under each corruption by those of a reference model, so that hard corruptions do not outweigh easy ones.',
  options: corruptionsOptions,
  needs: ['logits'],
  measures: MEASURES,

  plan(context, options) {
    checkReference(SUITE, options.reference, context.systems, [PUBLISHED_REFERENCE]);
    return cleanSets(context, options).flatMap((dataset) => {
      const asked = context.systems.map((system) => requestsFor(system, dataset, context, options));
      // Setting by setting: what is corrupted for one system is at hand for the next.
      const settings = asked[0]?.corrupted.keys() ?? [];
      return [
        ...asked.map(({ clean }) => clean),
        ...[...settings].flatMap((at) => asked.map(({ corrupted }) => corrupted[at]!.request)),
      ];
    });
  },

  summarise(collected, options, context) {
    const scores = chosenScores(options.scores, context.catalogue);
    const sets = cleanSets(context, options).map((dataset) => {
      const results = context.systems.flatMap(
        (system) => shiftResult(system, dataset, collected, context, options, scores) ?? [],
      );
      return { dataset, judged: results.map((result) => judgedOf(result, results, options, context)) };
    });
    const all = sets.flatMap(({ judged }) => judged);
    const measured = sets.filter(({ judged }) => judged.length > 0);
    return {
      measures: all.flatMap(({ result, estimates }) => shiftMeasures(result, estimates, options)),
      tables: measured.flatMap(({ dataset, judged }) => [
        overviewTable(dataset, judged, options),
        byCorruptionTable(dataset, judged),
        settingsTable(dataset, judged),
      ]),
      figures: measured.flatMap(({ dataset, judged }) => shiftFigures(dataset, judged)),
      warnings: [
        ...unusedPublished(all, context),
        ...measured.flatMap(({ dataset, judged }) => [
          ...fewUsed(SUITE, dataset, judged[0]!.result.n),
          ...judged.flatMap(({ result }) => singleDraw(SUITE, result.system)),
          ...shiftWarnings(dataset, judged, options, context),
        ]),
      ],
      notApplicable: [...withoutLabels(SUITE, context), ...notApplicable(all, options, context)],
      examples: all.length > 0 ? [shiftSheet(all)] : [],
    };
  },
});

function judgedOf(
  result: ShiftResult,
  results: readonly ShiftResult[],
  options: CorruptionsOptions,
  { seed, steps }: SuiteContext,
): Judged & SheetPart & { lacks?: string } {
  const asked = referenceOf(result, results, options);
  const reference = asked && 'errors' in asked ? asked : undefined;
  const step = steps?.(`resamples of ${result.system.name} on ${result.dataset.name}`);
  const { bins, resamples } = options;
  return {
    result,
    estimates: estimatesOf(result, reference, { bins, resamples, seed, step }),
    ...(reference && { reference }),
    ...(asked && 'lacks' in asked && { lacks: asked.lacks }),
  };
}

/** Corruptions that images cannot have, scores that systems lack, and mCE without a reference. */
function notApplicable(
  judged: readonly (Judged & { lacks?: string })[],
  options: CorruptionsOptions,
  context: SuiteContext,
): NotApplicable[] {
  const rows = [...context.catalogue.corruptions].filter(({ name }) => options.corruptions.includes(name));
  const unfit = labelledTestSets(context).flatMap((dataset) => {
    // Published images are used for their setting, or a warning says why not.
    if (dataset.corruption && options.corruptions.includes(dataset.corruption.name)) return [];
    if (isCorrupted(dataset)) return [{ what: dataset.name, reason: 'its images are corrupted already' }];
    return rows.flatMap((row) => {
      const why = whyNot(row, dataset.shape);
      return why ? [{ what: `${row.name} on ${dataset.name}`, reason: why }] : [];
    });
  });
  const scores = chosenScores(options.scores, context.catalogue);
  const lacking = context.systems.flatMap((system) =>
    lacksOf(system, scores, context.datasets).map((lack) => ({ suite: SUITE, model: system.name, ...lack })),
  );
  return [
    ...context.systems.flatMap(({ name: model }) => unfit.map((one) => ({ suite: SUITE, model, ...one }))),
    ...lacking,
    ...judged.flatMap(({ result, lacks }) =>
      lacks
        ? [{ suite: SUITE, model: result.system.name, what: `mCE on ${result.dataset.name}`, reason: lacks }]
        : [],
    ),
  ];
}
