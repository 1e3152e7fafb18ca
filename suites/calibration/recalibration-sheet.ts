import { type ExampleSheet, float32Text, type MeasureRows } from '../../src/suite.js';
import type { CalibrationResult } from './result.js';
import { LOGITS_IN_SHEET } from './sheet.js';

const NAME = 'recalibration';

const COLUMNS = [
  'model',
  'dataset',
  'index',
  'label',
  'recalibrator',
  'prediction',
  'correct',
  'confidence',
  'nll',
  'correct_before',
  'confidence_before',
  'nll_before',
  'nll_change',
  'log_probabilities',
] as const;

/** The rows of a recalibrator. */
export const recalibratedRows = (
  { system, dataset }: Pick<CalibrationResult, 'system' | 'dataset'>,
  recalibrator: string,
  rest: Omit<MeasureRows, 'sheet' | 'where'>,
): MeasureRows => ({
  ...rest,
  sheet: NAME,
  where: { model: system.name, dataset: dataset.name, recalibrator },
});

/** A row per reported example and recalibrator; and, in a sheet of their own, what was fitted. */
export function recalibrationSheets(results: readonly CalibrationResult[]): ExampleSheet[] {
  if (!results.some(({ recalibrations }) => recalibrations)) return [];
  return [
    { name: NAME, columns: COLUMNS, rows: { [Symbol.iterator]: () => exampleRows(results) } },
    {
      name: 'recalibration-parameters',
      columns: ['model', 'dataset', 'recalibrator', 'parameter', 'position', 'value'],
      rows: { [Symbol.iterator]: () => parameterRows(results) },
    },
  ];
}

function* exampleRows(results: readonly CalibrationResult[]) {
  for (const { system, dataset, collected, fit, recalibrations } of results)
    for (const { recalibrator, reported } of recalibrations?.each ?? []) {
      if (!reported || !recalibrations) continue;
      const {
        classified,
        classified: { n, classes },
      } = reported.calibration;
      const { classified: before } = recalibrations.before;
      for (let i = 0; i < n; i++) {
        const row = reported.logP.subarray(i * classes, (i + 1) * classes);
        yield [
          system.name,
          dataset.name,
          collected.indices[fit.reported[i]!]!,
          classified.labels[i]!,
          recalibrator.name,
          classified.prediction[i]!,
          classified.correct[i] === 1,
          classified.confidence[i]!,
          classified.nll[i]!,
          before.correct[i] === 1,
          before.confidence[i]!,
          before.nll[i]!,
          classified.nll[i]! - before.nll[i]!,
          classes > LOGITS_IN_SHEET ? null : Array.from(row, (value) => float32Text(value)).join(' '),
        ];
      }
    }
}

function* parameterRows(results: readonly CalibrationResult[]) {
  for (const { system, dataset, recalibrations } of results)
    for (const { recalibrator, fit } of recalibrations?.each ?? []) {
      if (!fit.fitted) continue;
      for (const { name, values } of fit.parameters)
        for (const [position, value] of values.entries())
          yield [system.name, dataset.name, recalibrator.name, name, position, value];
    }
}
