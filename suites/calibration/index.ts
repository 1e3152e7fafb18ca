import { classifiedOf, cleanRequest, type OutputRows } from '../../src/measurements.js';
import {
  type Collected,
  type CollectedRows,
  type DatasetInfo,
  defineSuite,
  everywhere,
  fewExamples,
  labelledTestSets,
  type SuiteContext,
  type SystemInfo,
  singleDraw,
  validationSet,
  withoutLabels,
} from '../../src/suite.js';
import { classTable } from './class-table.js';
import { fitOf, pick } from './fit.js';
import { furtherOf } from './further.js';
import { furtherMeasureNames, withoutPositiveClass } from './further-options.js';
import { furtherTables } from './further-tables.js';
import { METRICS, measuresOf } from './measures.js';
import { calibrationOptions, type Options } from './options.js';
import { recalibrate } from './recalibrated.js';
import { RECALIBRATED, recalibrationWarnings } from './recalibration-measures.js';
import { recalibrationSheets } from './recalibration-sheet.js';
import { recalibratedFigures, recalibrationTables } from './recalibration-tables.js';
import { type CalibrationResult, calibrationOf } from './result.js';
import { calibrationSheet } from './sheet.js';
import { overviewTable, reliabilityFigures, temperatureTable } from './tables.js';
import {
  attackRequests,
  notAttackable,
  UNDER_ATTACK,
  underAttack,
  underAttackMeasures,
} from './under-attack.js';
import { underAttackSheets, underAttackTables } from './under-attack-tables.js';
import { calibrationViews } from './views.js';
import { calibrationWarnings, splitNote } from './warnings.js';

const NAME = 'calibration';
const FITTING = { where: 'suites: calibration.fitOn', what: 'a temperature' };

export const calibration = defineSuite({
  name: NAME,
  title: 'Calibration',
  description:
    'Whether confidence is the chance of being right. ECE is the mean gap between confidence (the probability of the top label) and accuracy over bins of confidence, of equal width unless it says otherwise; MCE is the largest gap of a bin; classwise ECE looks at the probability of every class. One temperature that divides all logits is fitted on examples that are not reported.',
  options: calibrationOptions,
  needs: ['logits'],
  measures: [
    ...METRICS.flatMap(({ metric, binned }) => [
      ...(binned ? [metric] : []),
      `${metric}-before-scaling`,
      `${metric}-after-scaling`,
    ]),
    'signed-gap',
    'ece-if-calibrated',
    'temperature',
    ...furtherMeasureNames,
    ...RECALIBRATED,
    ...UNDER_ATTACK,
  ],

  plan(context, options) {
    const validation = validationSet(context.datasets, options.fitOn, FITTING);
    const tests = labelledTestSets(context);
    const sets = validation && tests.length > 0 ? [...tests, validation] : tests;
    return [
      ...context.systems.flatMap((system) => sets.map((dataset) => cleanRequest(system, dataset))),
      ...attackRequests(context, options),
    ];
  },

  summarise(collected, options, context) {
    const sets = labelledTestSets(context).map((dataset) => ({
      dataset,
      results: context.systems.flatMap((system) => {
        const rows = collected.get(cleanRequest(system, dataset));
        return rows ? [resultOf(system, dataset, rows, collected, options, context)] : [];
      }),
    }));
    const results = sets.flatMap((set) => set.results);
    const attacked = underAttack(context, options, collected);
    const cleanEce = (system: string, dataset: string) =>
      results.find((r) => r.system.name === system && r.dataset.name === dataset)?.whole.metrics.ece;
    return {
      measures: [
        ...results.flatMap((result) => measuresOf(NAME, result, options)),
        ...underAttackMeasures(NAME, attacked, options.bins),
      ],
      tables: [
        ...sets.flatMap((set) => [
          overviewTable(set.dataset, set.results, options.bins),
          temperatureTable(set.dataset, set.results),
          ...furtherTables(set.dataset, set.results),
          ...recalibrationTables(set.dataset, set.results),
          ...classTable(set.dataset, set.results, { bins: options.bins, seed: context.seed }),
        ]),
        ...underAttackTables(attacked, cleanEce),
      ],
      figures: [
        ...results.flatMap((result) => [...reliabilityFigures(result), ...recalibratedFigures(result)]),
        ...sets.flatMap((set) => calibrationViews(set.dataset, set.results, options)),
      ],
      warnings: [
        ...sets.flatMap((set) => [
          ...fewExamples(NAME, set.dataset),
          ...splitNote(NAME, set.dataset, set.results),
        ]),
        ...context.systems.flatMap((system) => singleDraw(NAME, system)),
        ...results.flatMap((result) => calibrationWarnings(NAME, result)),
        ...results.flatMap((result) => recalibrationWarnings(NAME, result)),
      ],
      notApplicable: [
        ...withoutLabels(NAME, context),
        ...withoutPositiveClass(NAME, context, options),
        ...notAttackable(NAME, context, options),
      ],
      examples: [calibrationSheet(results), ...recalibrationSheets(results), ...underAttackSheets(attacked)],
    };
  },
});

function resultOf(
  system: SystemInfo,
  dataset: DatasetInfo,
  outputs: Collected<OutputRows>,
  collected: CollectedRows,
  options: Options,
  { datasets, seed, steps, catalogue }: SuiteContext,
): CalibrationResult {
  const { bins, resamples, fitOn, fitShare, recalibrators } = options;
  // Errors name the system, the data set and the example.
  const classified = classifiedOf(outputs);
  const validation = validationSet(datasets, fitOn, FITTING);
  const held = validation && collected.get(cleanRequest(system, validation));
  const test = { dataset, collected: outputs };
  const fit = fitOf(test, validation && held && { dataset: validation, collected: held }, {
    share: fitShare,
    seed,
  });
  const step = steps?.(`resamples of ${system.name} on ${dataset.name}`);
  const settings = { bins, resamples, seed, step };
  const all = everywhere(outputs.indices.length);
  const whole = calibrationOf(pick(outputs, all), 1, { ...settings, floor: true }, classified);
  const reported = pick(outputs, fit.reported);
  const before = fit.split ? calibrationOf(reported, 1, settings) : whole;
  // The temperature first: what others are compared with.
  const asked = recalibrators.filter((name) => name !== 'temperature');
  const rows = ['temperature', ...asked].map((name) => catalogue.recalibrators.named(name));
  return {
    system,
    dataset,
    collected: outputs,
    whole,
    fit,
    before,
    ...(fit.temperature.fitted && {
      after: calibrationOf(reported, fit.temperature.temperature, settings),
    }),
    further: furtherOf({ collected: outputs, whole }, { ...options, seed, ...(step && { step }) }),
    ...(asked.length > 0 && {
      recalibrations: recalibrate(rows, pick(fit.from, fit.fitted), reported, before, settings),
    }),
  };
}
