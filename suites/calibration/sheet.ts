import { classifiedOf, logitsOf, type OutputRows } from '../../src/measurements.js';
import type { Classified } from '../../src/metrics.js';
import { type Collected, type ExampleSheet, float32Text, type MeasureRows } from '../../src/suite.js';
import type { CalibrationMetric, CalibrationResult } from './result.js';

/** Beyond this many classes a sheet of logits is a burden. */
export const LOGITS_IN_SHEET = 100;

const COLUMNS = [
  'model',
  'dataset',
  'index',
  'label',
  'prediction',
  'correct',
  'confidence',
  'nll',
  'split',
  'scaled_confidence',
  'scaled_nll',
  'logits',
] as const;

/** Its name. */
export const SHEET = 'calibration';

/** The rows that a metric is made from: as the model is, or, with a temperature, as scaled by it. */
export function rowsOf(
  metric: CalibrationMetric,
  {
    where,
    bins,
    classes,
    temperature,
  }: { where: MeasureRows['where']; bins: number; classes: number; temperature?: number },
): { rows?: MeasureRows } {
  const scaled = temperature === undefined ? '' : 'scaled_';
  const on = { sheet: SHEET, where };
  if (metric === 'nll') return { rows: { ...on, statistic: 'mean', columns: { value: `${scaled}nll` } } };
  if (metric === 'classwise-ece') {
    if (classes > LOGITS_IN_SHEET) return {};
    const options = { bins, temperature: temperature ?? 1 };
    return { rows: { ...on, statistic: metric, columns: { logits: 'logits', label: 'label' }, options } };
  }
  const columns = { confidence: `${scaled}confidence`, outcome: 'correct' };
  return { rows: { ...on, statistic: metric, columns, options: { bins } } };
}

type Row = (string | number | boolean | null)[];

function rowOf(
  collected: Collected<OutputRows>,
  classified: Classified,
  i: number,
  split: 'fitted' | 'reported' | 'unused',
  scaled?: { confidence: number; nll: number },
): Row {
  const { request, indices } = collected;
  const { classes, data } = logitsOf(collected);
  const logits =
    classes > LOGITS_IN_SHEET
      ? null
      : Array.from({ length: classes }, (_, k) => float32Text(data[i * classes + k]!)).join(' ');
  return [
    request.system,
    request.dataset,
    indices[i]!,
    classified.labels[i]!,
    classified.prediction[i]!,
    classified.correct[i] === 1,
    classified.confidence[i]!,
    classified.nll[i]!,
    split,
    scaled?.confidence ?? null,
    scaled?.nll ?? null,
    logits,
  ];
}

/** A row per example of the test sets, and of the validation set where there is one. */
export function calibrationSheet(results: readonly CalibrationResult[]): ExampleSheet {
  return {
    name: SHEET,
    columns: COLUMNS,
    rows: {
      *[Symbol.iterator]() {
        for (const { collected: test, whole, fit, after } of results) {
          const place = new Int32Array(whole.classified.n).fill(-1);
          fit.reported.forEach((position, i) => {
            place[position] = i;
          });
          for (let i = 0; i < whole.classified.n; i++) {
            const at = place[i]!;
            const scaled = at >= 0 && after ? scaledAt(after.classified, at) : undefined;
            yield rowOf(test, whole.classified, i, at < 0 ? 'fitted' : 'reported', scaled);
          }
        }
        yield* validationRows(results);
      },
    },
  };
}

const scaledAt = ({ confidence, nll }: Classified, i: number) => ({
  confidence: confidence[i]!,
  nll: nll[i]!,
});

/** Rows of the validation sets, once per system even when there are several test sets. */
function* validationRows(results: readonly CalibrationResult[]) {
  const done = new Set<Collected<OutputRows>>();
  for (const { fit } of results) {
    const held = fit.from;
    if (fit.split || done.has(held)) continue;
    done.add(held);
    const classified = classifiedOf(held);
    const fitted = new Set(fit.fitted);
    for (let i = 0; i < classified.n; i++) {
      yield rowOf(held, classified, i, fitted.has(i) ? 'fitted' : 'unused');
    }
  }
}
