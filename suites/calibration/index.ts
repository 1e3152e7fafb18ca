import { classifiedOf, cleanRequest, type OutputRows } from '../../src/measurements.js';
import {
  type Catalogue,
  type Collected,
  type CollectedRows,
  type DatasetInfo,
  defineSuite,
  fewExamples,
  labelledTestSets,
  type Measure,
  type MeasureDescription,
  measure,
  type NotApplicable,
  oneOf,
  type Static,
  type SuiteContext,
  type SystemInfo,
  singleDraw,
  Type,
  validationSet,
  type Warning,
  withoutLabels,
} from '../../src/suite.js';
import { classTable } from './class-table.js';
import { fitOf, pick } from './fit.js';
import { furtherMeasures, furtherOf } from './further.js';
import { chosenMetrics, furtherMeasureNames, furtherOptions, positiveClassOf } from './further-options.js';
import { furtherTables } from './further-tables.js';
import { recalibrate } from './recalibrated.js';
import { RECALIBRATED, recalibrationMeasures, recalibrationWarnings } from './recalibration-measures.js';
import { recalibrationSheets } from './recalibration-sheet.js';
import { recalibratedFigures, recalibrationTables } from './recalibration-tables.js';
import {
  type CalibrationMetric,
  type CalibrationResult,
  calibrationOf,
  classwiseResamples,
} from './result.js';
import { calibrationSheet, rowsOf } from './sheet.js';
import { overviewTable, reliabilityFigures, temperatureTable } from './tables.js';
import {
  attackRequests,
  notAttackable,
  UNDER_ATTACK,
  underAttack,
  underAttackMeasures,
  underAttackSheets,
  underAttackTables,
  underOption,
} from './under-attack.js';
import { calibrationViews } from './views.js';
import { calibrationWarnings } from './warnings.js';

const NAME = 'calibration';
const FITTING = { where: 'suites: calibration.fitOn', what: 'a temperature' };

const calibrationOptions = (catalogue: Catalogue) =>
  Type.Object(
    {
      bins: Type.Integer({ minimum: 1, maximum: 1000, default: 15, description: 'bins of confidence' }),
      fitOn: Type.Optional(
        Type.String({
          description:
            'the validation set that the temperature is fitted on; default: the first, or a part of the test set',
        }),
      ),
      fitShare: Type.Number({
        exclusiveMinimum: 0,
        exclusiveMaximum: 1,
        default: 0.5,
        description: 'share of the test set that the temperature is fitted on, without a validation set',
      }),
      recalibrators: Type.Array(Type.Unsafe<string>(oneOf(catalogue.recalibrators.names)), {
        uniqueItems: true,
        default: ['temperature'],
        description: 'what is fitted beside the temperature, which always is, and compared',
      }),
      resamples: Type.Integer({ minimum: 100, default: 1000, description: 'bootstrap resamples' }),
      ...furtherOptions,
      under: underOption(catalogue),
    },
    { additionalProperties: false },
  );
type Options = Static<ReturnType<typeof calibrationOptions>>;

const METRICS: { metric: CalibrationMetric; title: string; binned: boolean }[] = [
  { metric: 'ece', title: 'ECE', binned: true },
  { metric: 'ece-equal-mass', title: 'ECE, equal-mass bins', binned: true },
  { metric: 'mce', title: 'MCE', binned: true },
  { metric: 'rms-ce', title: 'RMS calibration error', binned: true },
  { metric: 'classwise-ece', title: 'Classwise ECE', binned: true },
  { metric: 'nll', title: 'NLL (nats)', binned: false },
];

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
        ...results.flatMap((result) => measures(result, options)),
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
        ...sets.flatMap((set) => [...fewExamples(NAME, set.dataset), ...splitNote(set.dataset, set.results)]),
        ...context.systems.flatMap((system) => singleDraw(NAME, system)),
        ...results.flatMap((result) => calibrationWarnings(NAME, result)),
        ...results.flatMap((result) => recalibrationWarnings(NAME, result)),
      ],
      notApplicable: [
        ...withoutLabels(NAME, context),
        ...withoutPositiveClass(context, options),
        ...notAttackable(NAME, context, options),
      ],
      examples: [calibrationSheet(results), ...recalibrationSheets(results), ...underAttackSheets(attacked)],
    };
  },
});

function resultOf(
  system: SystemInfo,
  dataset: DatasetInfo,
  found: Collected<OutputRows>,
  collected: CollectedRows,
  options: Options,
  { datasets, seed, steps, catalogue }: SuiteContext,
): CalibrationResult {
  const { bins, resamples, fitOn, fitShare, recalibrators } = options;
  // Errors name the system, the data set and the example.
  classifiedOf(found);
  const validation = validationSet(datasets, fitOn, FITTING);
  const held = validation && collected.get(cleanRequest(system, validation));
  const test = { dataset, collected: found };
  const fit = fitOf(test, validation && held && { dataset: validation, collected: held }, {
    share: fitShare,
    seed,
  });
  const step = steps?.(`resamples of ${system.name} on ${dataset.name}`);
  const settings = { bins, resamples, seed, step };
  const all = Int32Array.from({ length: found.indices.length }, (_, i) => i);
  const whole = calibrationOf(pick(found, all), 1, { ...settings, floor: true });
  const reported = pick(found, fit.reported);
  const before = fit.split ? calibrationOf(reported, 1, settings) : whole;
  // The temperature first: what others are compared with.
  const asked = recalibrators.filter((name) => name !== 'temperature');
  const rows = ['temperature', ...asked].map((name) => catalogue.recalibrators.named(name));
  return {
    system,
    dataset,
    collected: found,
    whole,
    fit,
    before,
    ...(fit.temperature.fitted && {
      after: calibrationOf(reported, fit.temperature.temperature, settings),
    }),
    further: furtherOf({ collected: found, whole }, { ...options, seed, ...(step && { step }) }),
    ...(asked.length > 0 && {
      recalibrations: recalibrate(rows, pick(fit.from, fit.fitted), reported, before, settings),
    }),
  };
}

function measures(result: CalibrationResult, { bins, resamples }: Options): Measure[] {
  const { system, dataset, whole, fit, before, after } = result;
  const { temperature, on: fittedOn } = fit;
  const where = { model: system.name, dataset: dataset.name };
  const at = { suite: NAME, model: system.name, dataset: dataset.name };
  const about = ({ metric, title, binned }: (typeof METRICS)[number]): MeasureDescription => {
    const { n, classes } = whole.classified;
    const used = classwiseResamples(n, classes, resamples);
    return {
      ...at,
      measure: metric,
      title,
      params: binned ? { bins } : {},
      better: 'lower',
      format: binned ? 'percent' : 'number',
      ...rowsOf(metric, { where, bins, classes }),
      ...(metric === 'classwise-ece' && used < resamples && { note: `interval from ${used} resamples` }),
    };
  };
  const reported = { where: { ...where, split: 'reported' }, bins, classes: whole.classified.classes };
  const scaled = (when: 'before' | 'after', { metrics }: CalibrationResult['whole']) =>
    METRICS.map((row) =>
      measure(
        {
          ...about(row),
          measure: `${row.metric}-${when}-scaling`,
          title: `${row.title}, ${when} temperature scaling`,
          params: { ...(row.binned && { bins }), fittedOn },
          ...rowsOf(row.metric, {
            ...reported,
            ...(when === 'after' && temperature.fitted && { temperature: temperature.temperature }),
          }),
        },
        metrics[row.metric],
      ),
    );
  return [
    ...METRICS.filter(({ binned }) => binned).map((row) =>
      measure({ ...about(row), ...(row.metric === 'ece' && { headline: true }) }, whole.metrics[row.metric]),
    ),
    measure(
      {
        ...at,
        measure: 'signed-gap',
        title: 'Confidence - accuracy',
        better: 'none',
        format: 'percent',
        ...rowsOf('signed-gap', { where, bins, classes: whole.classified.classes }),
      },
      whole.metrics['signed-gap'],
    ),
    {
      ...at,
      measure: 'ece-if-calibrated',
      title: 'ECE of a calibrated model with these confidences',
      params: { bins },
      value: whole.floor?.mean ?? null,
      n: whole.classified.n,
      interval: whole.floor?.interval ?? null,
      level: 0.95,
      method: whole.floor ? 'simulation' : 'none',
      better: 'none',
      format: 'percent',
      ...(!whole.floor && { note: 'no examples' }),
    },
    measure(
      {
        ...at,
        measure: 'temperature',
        title: 'Fitted temperature',
        params: { fittedOn },
        better: 'none',
        format: 'number',
        ...(!temperature.fitted && { note: `refused: ${temperature.reason}` }),
      },
      {
        value: temperature.fitted ? temperature.temperature : Number.NaN,
        n: temperature.n,
        interval: temperature.fitted ? temperature.interval : null,
        level: 0.95,
        method: temperature.fitted && temperature.interval ? 'sandwich' : 'none',
      },
    ),
    ...scaled('before', before),
    ...(after ? scaled('after', after) : []),
    ...furtherMeasures(at, result.further),
    ...recalibrationMeasures(NAME, result, bins),
  ];
}

/** Systems of which no class was named as the positive one. */
function withoutPositiveClass({ systems }: SuiteContext, options: Options): NotApplicable[] {
  const what = 'positive-class-ece';
  if (!chosenMetrics(options).includes(what)) return [];
  return systems
    .filter(({ classes }) => positiveClassOf(options, classes.length) === undefined)
    .map(({ name, classes }) => ({
      suite: NAME,
      model: name,
      what,
      reason:
        options.positiveClass === undefined
          ? `it has ${classes.length} classes, and no \`positiveClass\` was given`
          : `it has no class ${options.positiveClass}: classes are numbered from 0 to ${classes.length - 1}`,
    }));
}

/** A note that half of the test set went into fitting. */
function splitNote(dataset: DatasetInfo, results: readonly CalibrationResult[]): Warning[] {
  const split = results.find(({ fit }) => fit.split);
  if (!split) return [];
  return [
    {
      code: 'temperature-on-test-split',
      severity: 'note',
      suite: NAME,
      dataset: dataset.name,
      message: `without a validation set, temperatures were fitted on ${split.fit.on}, and are reported on the other ${split.fit.reported.length}`,
      fix: 'add a labelled data set with `role: validation`',
    },
  ];
}
