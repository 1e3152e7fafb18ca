import { type Measure, type MeasureDescription, measure } from '../../src/suite.js';
import { furtherMeasures } from './further.js';
import type { Options } from './options.js';
import { recalibrationMeasures } from './recalibration-measures.js';
import {
  type Calibration,
  type CalibrationMetric,
  type CalibrationResult,
  classwiseResamples,
} from './result.js';
import { rowsOf } from './sheet.js';

/** ECE and its kin, and NLL: of the model as it is, and before and after scaling. */
export const METRICS: { metric: CalibrationMetric; title: string; binned: boolean }[] = [
  { metric: 'ece', title: 'ECE', binned: true },
  { metric: 'ece-equal-mass', title: 'ECE, equal-mass bins', binned: true },
  { metric: 'mce', title: 'MCE', binned: true },
  { metric: 'rms-ce', title: 'RMS calibration error', binned: true },
  { metric: 'classwise-ece', title: 'Classwise ECE', binned: true },
  { metric: 'nll', title: 'NLL (nats)', binned: false },
];

/** Of the model as it is, of its temperature, and of the reported examples before and after scaling by it. */
export function measuresOf(
  suite: string,
  result: CalibrationResult,
  { bins, resamples }: Pick<Options, 'bins' | 'resamples'>,
): Measure[] {
  const { system, dataset, whole, fit, before, after } = result;
  const { temperature, on: fittedOn } = fit;
  const where = { model: system.name, dataset: dataset.name };
  const at = { suite, model: system.name, dataset: dataset.name };
  const about = (
    { metric, title, binned }: (typeof METRICS)[number],
    { classified: { n, classes } }: Calibration,
  ): MeasureDescription => {
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
  const scaled = (when: 'before' | 'after', of: Calibration, refused?: string) =>
    METRICS.map((row) =>
      measure(
        {
          ...about(row, of),
          ...(refused !== undefined && { note: refused }),
          measure: `${row.metric}-${when}-scaling`,
          title: `${row.title}, ${when} temperature scaling`,
          params: { ...(row.binned && { bins }), fittedOn },
          ...rowsOf(row.metric, {
            ...reported,
            ...(when === 'after' && temperature.fitted && { temperature: temperature.temperature }),
          }),
        },
        refused === undefined
          ? of.metrics[row.metric]
          : { value: Number.NaN, n: of.classified.n, interval: null, level: 0.95, method: 'none' },
      ),
    );
  const refused = temperature.fitted ? undefined : `refused: ${temperature.reason}`;
  return [
    ...METRICS.filter(({ binned }) => binned).map((row) =>
      measure(
        { ...about(row, whole), ...(row.metric === 'ece' && { headline: true }) },
        whole.metrics[row.metric],
      ),
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
        ...(refused !== undefined && { note: refused }),
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
    // What was not scaled has no value, and says why: a table would else say that it was not measured.
    ...(after ? scaled('after', after) : scaled('after', before, refused)),
    ...furtherMeasures(at, result.further),
    ...recalibrationMeasures(suite, result, bins),
  ];
}
