import { cleanRequest } from '../../src/measurements.js';
import { energyCaveat, scoresNamed } from '../../src/score.js';
import {
  type Capability,
  type DatasetInfo,
  defineSuite,
  fewExamples,
  labelledTestSets,
  type NotApplicable,
  type Request,
  type SuiteContext,
  singleDraw,
} from '../../src/suite.js';
import {
  bufferFigures,
  bufferMeasures,
  bufferOf,
  bufferRequest,
  bufferSheet,
  bufferTable,
  bufferWarnings,
} from './buffer.js';
import { compareAll } from './compare.js';
import { axisFigure } from './figures.js';
import {
  gradientFigure,
  gradientMeasures,
  gradientRequest,
  gradientTable,
  steepnessOf,
} from './gradients.js';
import { type Contrast, contrasts, type Heights, heightsOf } from './heights.js';
import { lipschitzMeasures, lipschitzRequest, lipschitzSheet, lipschitzTable, steepOf } from './lipschitz.js';
import { comparisonMeasures, memorisation, NAME, summarised, summaryMeasures } from './measures.js';
import { type EnergyOptions, energyOptions } from './options.js';
import { pathFigures, pathless, pathMeasures, pathRequests, pathSheet, pathsOf, pathTable } from './paths.js';
import { byQuantile, quantileFigures, quantileMeasures, quantileTable } from './quantiles.js';
import { type Sets, setsOf } from './sets.js';
import { sheet } from './sheet.js';
import { axisTable, testTable } from './tables.js';
import { traceFigures, traceTable } from './trace-views.js';
import { traceWarnings } from './trace-warnings.js';
import { followed, tracedOf, traceMeasures, traceRequests, traceSheet, untraced } from './traces.js';
import {
  fitSetOf,
  type Typical,
  typicalities,
  typicalityMeasures,
  typicalityTable,
  typicalOf,
} from './typicality.js';
import { collapsed, memorisationWarning, outOfBounds } from './warnings.js';

export const energy = defineSuite({
  name: NAME,
  title: 'Diagnostics of the energy',
  description:
    'What log p(x), minus the energy, says of every data set of the run: test, training and validation images, images from elsewhere, and images that were attacked, purified, interpolated or sampled. Values are in nats, up to a constant of each model.',
  options: energyOptions,
  needs: ['logPx'],
  measures: [
    'log-px-mean',
    'log-px-median',
    'log-px-sd',
    'log-px-gap',
    'log-px-auroc',
    'train-test-auroc',
    'gradient-norm-mean',
    'gradient-norm-median',
    'accuracy-in-quantile',
    'ece-in-quantile',
    'aurc',
    'atypical-share',
    'typicality-auroc',
    ...followed.map(({ id }) => `trace-${id}`),
    'trace-r-hat',
    'trace-ess',
    'buffer-log-px',
    'buffer-saturated',
    'buffer-not-finite',
    'buffer-copies',
    'path-log-px-change',
    'path-log-pxy-change',
    'path-log-pxt-change',
    'local-lipschitz',
  ],

  plan(context, options) {
    const sets = setsOf(context, options);
    if (!sets) return [];
    // A wrong name is told before anything is measured.
    fitSetOf(sets, options);
    return context.systems.flatMap((system): Request[] => [
      ...context.datasets.flatMap((dataset): Request[] => {
        const gradients = options.gradients && gradientRequest(system, dataset);
        return [cleanRequest(system, dataset), ...(gradients ? [gradients] : [])];
      }),
      ...traceRequests(system, sets, options),
      ...[bufferRequest(system, sets, options) ?? []].flat(),
      ...pathRequests(system, sets, options),
      ...steepSets(context).flatMap((dataset) => lipschitzRequest(system, dataset, options) ?? []),
    ]);
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
    const draws = ({ system, dataset }: Heights) => ({
      seed,
      resamples: options.resamples,
      step: steps?.(`resamples of ${system.name} on ${dataset.name}`),
    });
    const summaries = heights.map((one) => summarised(one, draws(one)));
    const steepness = options.gradients ? heights.flatMap((one) => steepnessOf(one, collected) ?? []) : [];
    const tests = labelledTestSets(context);
    const quantiles = heights
      .filter(({ dataset }) => tests.includes(dataset))
      .flatMap((one) => byQuantile(one, options, draws(one)) ?? []);
    const fitSet = fitSetOf(sets, options);
    const typical = heights
      .filter(({ dataset, logPx }) => dataset === fitSet && logPx.length > 0)
      .map(typicalOf);
    const typicality = typical.flatMap((one) => typicalitiesOf(one, heights, all, sets));
    const traced = systems.flatMap((system) => tracedOf(system, sets, options, collected));
    const buffers = systems.flatMap((system) => bufferOf(system, sets, options, collected));
    const paths = systems.flatMap((system) => pathsOf(system, sets, options, collected));
    const steep = systems.flatMap((system) =>
      steepSets(context).flatMap((dataset) => steepOf(system, dataset, options, collected)),
    );
    const trained = compared.filter(({ own }) => own.dataset === sets.train);
    return {
      measures: [
        ...trained.map(memorisation),
        ...summaries.flatMap(summaryMeasures),
        ...compared.flatMap(comparisonMeasures),
        ...steepness.flatMap(gradientMeasures),
        ...quantiles.flatMap((one) => quantileMeasures(one, options.bins)),
        ...typicality.flatMap(typicalityMeasures),
        ...traced.flatMap(traceMeasures),
        ...buffers.flatMap(bufferMeasures),
        ...paths.flatMap(pathMeasures),
        ...steep.flatMap((one) => lipschitzMeasures(one, options)),
      ],
      tables: [
        axisTable(sets, summaries, compared),
        ...(compared.length > 0 ? [testTable(sets, compared, options.permutations)] : []),
        ...(steepness.length > 0 ? [gradientTable(steepness)] : []),
        ...(quantiles.length > 0 ? [quantileTable(quantiles, options.bins)] : []),
        ...(typicality.length > 0 ? [typicalityTable(typicality)] : []),
        ...(traced.length > 0 ? [traceTable(traced)] : []),
        ...(buffers.length > 0 ? [bufferTable(buffers)] : []),
        ...(paths.length > 0 ? [pathTable(paths)] : []),
        ...(steep.length > 0 ? [lipschitzTable(steep, options)] : []),
      ],
      figures: [
        ...bySystem.flatMap((own) =>
          axisFigure(
            own,
            buffers.filter(({ system }) => system === own[0]!.system),
            options.histogramBins,
          ),
        ),
        ...systems.flatMap((system) =>
          gradientFigure(
            steepness.filter(({ of }) => of.system === system),
            options.histogramBins,
          ),
        ),
        ...quantileFigures(quantiles),
        ...traceFigures(
          traced,
          heights.filter(({ dataset }) => dataset === sets.reference),
        ),
        ...bufferFigures(buffers),
        ...pathFigures(paths),
      ],
      warnings: [
        ...energyCaveat(NAME, systems, scoresNamed(['log-px'], context.catalogue)),
        ...datasets.flatMap((dataset) => fewExamples(NAME, dataset)),
        ...systems.flatMap((system) => singleDraw(NAME, system)),
        ...bySystem.flatMap(collapsed),
        ...bySystem.flatMap(outOfBounds),
        ...buffers.flatMap(bufferWarnings),
        ...trained.flatMap(memorisationWarning),
        ...traced.flatMap((one) =>
          traceWarnings(
            one,
            heights.filter(({ system }) => system === one.system),
          ),
        ),
      ],
      notApplicable: notApplicable(context, options, { sets, fitSet }),
      examples: [
        sheet(heights, { contrasts: all, steepness, quantiles, typical }),
        ...(traced.length > 0 ? [traceSheet(traced)] : []),
        ...(buffers.length > 0 ? [bufferSheet(buffers)] : []),
        ...(paths.length > 0 ? [pathSheet(paths)] : []),
        ...(steep.length > 0 ? [lipschitzSheet(steep)] : []),
      ],
    };
  },
});

/** Data sets around whose images it is asked how steep log p(x) is. */
const steepSets = ({ datasets }: SuiteContext) =>
  datasets.filter(({ role }) => role === 'test' || role === 'ood');

function typicalitiesOf(typical: Typical, heights: readonly Heights[], all: readonly Contrast[], sets: Sets) {
  const ofSystem = (one: Heights) => one.system === typical.fit.system;
  const reference = heights.find((one) => ofSystem(one) && one.dataset === sets.reference);
  return reference
    ? typicalities(
        typical,
        reference,
        all.filter(({ own }) => ofSystem(own)),
      )
    : [];
}

const withoutTestSet = ({ systems }: SuiteContext): NotApplicable[] =>
  systems.map(({ name: model }) => ({
    suite: NAME,
    model,
    reason: 'the run has no data set with `role: test`, and `against` names none',
  }));

/** Parts that a run or a system lacks something for. */
function notApplicable(
  context: SuiteContext,
  { gradients, traces, path, lipschitz }: EnergyOptions,
  { sets, fitSet }: { sets: Sets; fitSet: DatasetInfo | undefined },
): NotApplicable[] {
  return context.systems.flatMap((system) => {
    const { name: model, offers, lacks } = system;
    const without = (what: string, reason: string | false | undefined) =>
      reason ? [{ suite: NAME, model, what, reason }] : [];
    const lackOf = (need: Capability) =>
      !offers.includes(need) && (lacks[need] ?? 'the system does not offer it');
    return [
      ...without(
        'memorisation',
        !sets.train && 'the run has no data set with `role: train`, and `train` names none',
      ),
      ...without(
        'typicality',
        !fitSet && 'the run has no validation or training images to fit it to, and `fit` names none',
      ),
      ...without('gradient norms', gradients && lackOf('inputGradient')),
      ...without('chains of SGLD', traces.chains > 0 && untraced(system)),
      ...without('log p along attacks', path.examples > 0 && pathless(system, sets)),
      ...without('steepness around images', lipschitz.examples > 0 && untraced(system)),
      ...without(
        'accuracy by log p(x)',
        lackOf('logits') || (labelledTestSets(context).length === 0 && 'the run has no labelled test set'),
      ),
    ];
  });
}
