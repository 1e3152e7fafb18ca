import { cleanRequest } from '../../src/measurements.js';
import { energyCaveat, scoresNamed } from '../../src/score.js';
import {
  defineSuite,
  fewExamples,
  type NotApplicable,
  type SuiteContext,
  singleDraw,
} from '../../src/suite.js';
import { compareAll } from './compare.js';
import { axisFigure } from './figures.js';
import { contrasts, heightsOf } from './heights.js';
import { comparisonMeasures, memorisation, NAME, summarised, summaryMeasures } from './measures.js';
import { energyOptions } from './options.js';
import { setsOf } from './sets.js';
import { sheet } from './sheet.js';
import { axisTable, testTable } from './tables.js';
import { collapsed, memorisationWarning } from './warnings.js';

export const energy = defineSuite({
  name: NAME,
  title: 'Diagnostics of the energy',
  description:
    'What log p(x), minus the energy, says of every data set of the run: test, training and validation images, images from elsewhere, and images that were attacked, purified, interpolated or sampled. Values are in nats, up to a constant of each model.',
  options: energyOptions,
  needs: ['logPx'],
  measures: ['log-px-mean', 'log-px-median', 'log-px-sd', 'log-px-gap', 'log-px-auroc', 'train-test-auroc'],

  plan(context, options) {
    if (!setsOf(context, options)) return [];
    return context.systems.flatMap((system) =>
      context.datasets.map((dataset) => cleanRequest(system, dataset)),
    );
  },

  summarise(collected, options, context) {
    const { systems, datasets, seed, steps } = context;
    const sets = setsOf(context, options);
    if (!sets) return { measures: [], notApplicable: withoutTestSet(context) };
    const heights = systems.flatMap((system) =>
      datasets.flatMap((dataset) => heightsOf(system, dataset, collected) ?? []),
    );
    const bySystem = systems
      .map((system) => heights.filter((one) => one.system === system))
      .filter((own) => own.length > 0);
    const all = bySystem.flatMap((own) => contrasts(own, sets, context));
    const compared = compareAll(all, options, seed);
    const summaries = heights.map((one) =>
      summarised(one, {
        seed,
        resamples: options.resamples,
        step: steps?.(`resamples of ${one.system.name} on ${one.dataset.name}`),
      }),
    );
    const trained = compared.filter(({ own }) => own.dataset === sets.train);
    return {
      measures: [
        ...trained.map(memorisation),
        ...summaries.flatMap(summaryMeasures),
        ...compared.flatMap(comparisonMeasures),
      ],
      tables: [
        axisTable(sets, summaries, compared),
        ...(compared.length > 0 ? [testTable(sets, compared, options.permutations)] : []),
      ],
      figures: bySystem.flatMap((own) => axisFigure(own, options.histogramBins)),
      warnings: [
        ...energyCaveat(NAME, systems, scoresNamed(['log-px'], context.catalogue)),
        ...datasets.flatMap((dataset) => fewExamples(NAME, dataset)),
        ...systems.flatMap((system) => singleDraw(NAME, system)),
        ...bySystem.flatMap(collapsed),
        ...trained.flatMap(memorisationWarning),
      ],
      notApplicable: sets.train ? [] : withoutTrainingSet(context),
      examples: [sheet(heights, all)],
    };
  },
});

const withoutTestSet = ({ systems }: SuiteContext): NotApplicable[] =>
  systems.map(({ name: model }) => ({
    suite: NAME,
    model,
    reason: 'the run has no data set with `role: test`, and `against` names none',
  }));

const withoutTrainingSet = ({ systems }: SuiteContext): NotApplicable[] =>
  systems.map(({ name: model }) => ({
    suite: NAME,
    model,
    what: 'memorisation',
    reason: 'the run has no data set with `role: train`, and `train` names none',
  }));
