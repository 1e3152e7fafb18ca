import { logitsOf } from '../../src/measurements.js';
import {
  calibrationMetrics,
  type Estimate,
  jointBootstrap,
  largestLogits,
  type MetricOptions,
  type Step,
  selectiveAreas,
  softmax,
} from '../../src/metrics.js';
import { type Measure, type MeasureDescription, measure } from '../../src/suite.js';
import {
  AREAS,
  chosenConventions,
  chosenMetrics,
  type FurtherOptions,
  positiveClassOf,
} from './further-options.js';
import { testsOf } from './further-tests.js';
import { type CalibrationResult, classwiseResamples, type Further } from './result.js';
import { LOGITS_IN_SHEET, SHEET } from './sheet.js';

interface Settings extends FurtherOptions {
  bins: number;
  resamples: number;
  seed: number;
  step?: Step;
}

/** A statistic of resamples that is bootstrapped. */
interface Bootstrapped {
  about: Further['about'];
  of: (times: Uint8Array) => number;
  resamples?: number;
  centred?: boolean;
  gap?: number;
  within?: readonly [number, number];
}

/** Resamples and examples together, of each measure, unless that leaves fewer than 100 resamples. */
const EXAMPLES_DRAWN = 2e8;

type Whole = Pick<CalibrationResult, 'collected' | 'whole'>;

/** The measures that were asked for, of all examples as the model is. */
export function furtherOf(result: Whole, settings: Settings): Further[] {
  const { n } = result.whole.classified;
  const own = kernelEstimates(result, settings);
  // Not one of them may cost a million rows more than all of ECE and its kin do.
  const most = Math.max(100, Math.floor(EXAMPLES_DRAWN / Math.max(1, n)));
  const statistics = [
    ...ofRows(result, settings),
    ...areas(result, settings),
    ...conventions(result, settings),
  ].map((one) => ({ ...one, resamples: Math.min(one.resamples ?? settings.resamples, most) }));
  const { resamples, seed, step } = settings;
  const estimates: Record<string, Estimate> = jointBootstrap(
    n,
    statistics.map(({ about, of, ...how }) => ({
      of: (times: Uint8Array): Record<string, number> => ({ [about.measure]: of(times) }),
      ...(how.resamples !== undefined && { resamples: how.resamples }),
      ...(how.centred && { centred: [about.measure] }),
      ...(how.gap !== undefined && { gaps: { [about.measure]: how.gap } }),
      ...(how.within && { within: how.within }),
    })),
    { seed, resamples, ...(step && { step }) },
  );
  const bootstrapped = statistics.map(({ about, resamples: used }): Further => {
    const note = used < resamples ? { note: `interval from ${used} resamples` } : {};
    return { about: { ...about, ...note }, estimate: estimates[about.measure]! };
  });
  return [...bootstrapped, ...own, ...testsOf(result, settings)];
}

/** As measures. */
export function furtherMeasures(
  at: Pick<MeasureDescription, 'suite' | 'model' | 'dataset'>,
  further: readonly Further[],
): Measure[] {
  const where = { model: at.model, dataset: at.dataset };
  return further.map(({ about: { rows, ...about }, estimate }) =>
    measure({ ...at, ...about, ...(rows && { rows: { sheet: SHEET, where, ...rows } }) }, estimate),
  );
}

const TOP_LABEL = { confidence: 'confidence', outcome: 'correct' };
const CLASSES = { logits: 'logits', label: 'label' };

/** Options of the metrics, and which of the rows asked for can be made: a positive class may be missing. */
function asked(result: Whole, settings: Settings) {
  const positiveClass = positiveClassOf(settings, result.whole.classified.classes);
  const options: MetricOptions = { ...settings, positiveClass: positiveClass ?? Number.NaN };
  const rows = calibrationMetrics.filter(
    ({ name, options: needed }) =>
      chosenMetrics(settings).includes(name) &&
      (positiveClass !== undefined || !needed.includes('positiveClass')),
  );
  return { options, rows };
}

function aboutRow(row: (typeof calibrationMetrics)[number], options: MetricOptions, classes: number) {
  const params = Object.fromEntries(row.options.map((key) => [key, options[key]]));
  const topLabel = row.of === 'top-label';
  const rows = {
    statistic: row.name,
    columns: topLabel ? TOP_LABEL : CLASSES,
    options: { ...params, ...(!topLabel && { temperature: 1 }) },
  };
  const { name, title, unit, better } = row;
  const inSheet = topLabel || classes <= LOGITS_IN_SHEET;
  return { measure: name, title, format: unit, better, params, ...(inSheet && { rows }) };
}

function ofRows(result: Whole, settings: Settings): Bootstrapped[] {
  const { confidence, correct: outcome, classes, labels, n } = result.whole.classified;
  const { options, rows } = asked(result, settings);
  const probabilities = probabilitiesFor(rows, result);
  return rows
    .filter((row) => !row.estimate)
    .map((row) => ({
      about: aboutRow(row, options, classes),
      of:
        row.of === 'top-label'
          ? row.statistic({ confidence, outcome }, options)
          : row.statistic(probabilities, labels, options),
      resamples: Math.min(
        row.resamples ?? settings.resamples,
        row.of === 'classes' ? classwiseResamples(n, classes, settings.resamples) : settings.resamples,
      ),
      ...(row.centred && { centred: true }),
      ...(row.gap !== undefined && { gap: row.gap }),
      ...(row.within && { within: row.within }),
    }));
}

/** Of all classes, where some of these metrics read them. */
const probabilitiesFor = (
  rows: readonly (typeof calibrationMetrics)[number][],
  { collected, whole: { classified } }: Whole,
) =>
  rows.some(({ of }) => of === 'classes')
    ? { n: classified.n, classes: classified.classes, data: softmax(logitsOf(collected)) }
    : { n: 0, classes: classified.classes, data: [] };

/** Those with intervals of their own. */
function kernelEstimates(result: Whole, settings: Settings): Further[] {
  const { confidence, correct: outcome, classes, labels } = result.whole.classified;
  const { options, rows } = asked(result, settings);
  const own = rows.filter(({ estimate }) => estimate);
  const probabilities = probabilitiesFor(own, result);
  return own.flatMap((row) => {
    const estimate =
      row.of === 'top-label'
        ? row.estimate?.({ confidence, outcome }, options)
        : row.estimate?.(probabilities, labels, options);
    if (!estimate) return [];
    const note = Number.isNaN(estimate.value) &&
      estimate.n > 2 && { note: `not computed: ${row.description}` };
    return [{ about: { ...aboutRow(row, options, classes), ...note }, estimate }];
  });
}

function areas(result: Whole, settings: Settings): Bootstrapped[] {
  const { confidence, correct } = result.whole.classified;
  const names = AREAS.filter((name) => chosenMetrics(settings).includes(name));
  if (names.length === 0) return [];
  const of = selectiveAreas(
    confidence,
    correct.map((right) => 1 - right),
  );
  const titles = { aurc: 'AURC, by confidence', augrc: 'AUGRC, by confidence' };
  return names.map((name) => ({
    about: {
      measure: name,
      title: titles[name],
      format: 'percent',
      better: 'lower',
      params: {},
      rows: { statistic: name, columns: { score: 'confidence', outcome: 'correct' } },
    },
    of: (times) => of(times)[name],
  }));
}

function conventions(result: Whole, settings: Settings): Bootstrapped[] {
  const { confidence, correct, classes } = result.whole.classified;
  const { bins } = settings;
  return chosenConventions(settings).map(({ name, title, bins: by, of }) => {
    const value = by === 'max-logit' ? largestLogits(logitsOf(result.collected)) : confidence;
    const inSheet = by === 'confidence' || classes <= LOGITS_IN_SHEET;
    const columns = {
      [by === 'max-logit' ? 'logits' : 'confidence']: by === 'max-logit' ? 'logits' : 'confidence',
    };
    return {
      about: {
        measure: name,
        title,
        format: 'percent',
        better: 'lower',
        params: { bins },
        ...(inSheet && {
          rows: { statistic: name, columns: { ...columns, outcome: 'correct' }, options: { bins } },
        }),
      },
      of: of(value, correct, bins),
      centred: true,
      within: [0, 1],
    };
  });
}
