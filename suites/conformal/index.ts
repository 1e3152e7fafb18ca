import { cleanRequest } from '../../src/measurements.js';
import {
  type CollectedRows,
  type DatasetInfo,
  defineSuite,
  fewExamples,
  type SuiteContext,
  singleDraw,
  withoutLabels,
} from '../../src/suite.js';
import { heldOut, heldOutSet, reportedSets, sourceOf } from './calibration-set.js';
import { chosenConformal } from './chosen.js';
import { conformalFigures } from './figures.js';
import { MEASURES, measuresOf } from './measures.js';
import { type ConformalOptions, conformalOptions } from './options.js';
import { type ConformalResult, conformalResults } from './result.js';
import { conformalSheet } from './sheet.js';
import { alphaTable, oodTable, overviewTable, strataTable } from './tables.js';
import { datasetWarnings, infiniteThresholds, resultWarnings } from './warnings.js';

const NAME = 'conformal';

export const conformal = defineSuite({
  name: NAME,
  title: 'Conformal prediction sets',
  description:
    'Sets of classes that hold the label with a probability that is chosen (split conformal prediction). A nonconformity score says how badly a class fits an image; a set holds the classes whose score is at most a threshold, which is taken from labelled examples that are not reported. Coverage of 1 - alpha is then guaranteed on average, whatever the model, for examples from the same distribution: what tells models and scores apart is how small the sets are, and how even coverage is over classes, set sizes and slabs of the logits.',
  options: conformalOptions,
  needs: ['logits'],
  measures: MEASURES,

  plan(context, options) {
    const held = heldOutSet(context, options);
    const reported = reportedSets(context);
    const sets = held && reported.length > 0 ? [...reported, held] : reported;
    return context.systems.flatMap((system) => sets.map((dataset) => cleanRequest(system, dataset)));
  },

  summarise(collected, options, context) {
    const scores = chosenConformal(options, context.catalogue);
    const sets = reportedSets(context).map((dataset) => ({
      dataset,
      results: resultsOn(dataset, collected, scores, options, context),
    }));
    const results = sets.flatMap((set) => set.results);
    const tests = sets.filter(({ dataset, results: onSet }) => dataset.role === 'test' && onSet.length > 0);
    const ood = sets.filter(({ dataset }) => dataset.role === 'ood');
    return {
      measures: sets.flatMap(({ dataset, results: onSet }) =>
        onSet.flatMap((result) =>
          measuresOf(NAME, result, dataset.role === 'test' && result.score === onSet[0]!.score),
        ),
      ),
      tables: [
        ...tests.map(({ dataset, results: onSet }) => overviewTable(dataset, onSet)),
        ...oodTable(ood.flatMap((set) => set.results)),
        ...tests.map(({ dataset, results: onSet }) => alphaTable(dataset, onSet)),
        ...tests.map(({ dataset, results: onSet }) => strataTable(dataset, onSet)),
      ],
      figures: tests.flatMap(({ dataset, results: onSet }) => conformalFigures(dataset, onSet)),
      warnings: [
        ...tests.flatMap(({ dataset, results: onSet }) => [
          ...fewExamples(NAME, dataset),
          ...datasetWarnings(NAME, dataset, onSet),
        ]),
        ...context.systems.flatMap((system) => singleDraw(NAME, system)),
        ...tests.flatMap(({ results: onSet }) => [
          ...context.systems.flatMap(({ name }) =>
            infiniteThresholds(
              NAME,
              onSet.filter(({ system }) => system.name === name),
            ),
          ),
          ...onSet.flatMap((result) => resultWarnings(NAME, result)),
        ]),
      ],
      notApplicable: withoutLabels(NAME, context),
      examples: [conformalSheet(results)],
    };
  },
});

/** Every system and score on a data set. */
function resultsOn(
  dataset: DatasetInfo,
  collected: CollectedRows,
  scores: ReturnType<typeof chosenConformal>,
  options: ConformalOptions,
  context: SuiteContext,
): ConformalResult[] {
  const source = sourceOf(dataset, context, options);
  return context.systems.flatMap((system) => {
    const rows = collected.get(cleanRequest(system, dataset));
    const held = heldOut(system, dataset, source, collected, context, options);
    if (!rows || !held) return [];
    return conformalResults({ system, dataset, source, held }, rows, scores, {
      ...options,
      seed: context.seed,
      step: context.steps?.(`resamples of ${system.name} on ${dataset.name}`),
    });
  });
}
