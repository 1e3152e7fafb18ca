import { cell, type DatasetInfo, type ReliabilityFigure, type Table } from '../../src/suite.js';
import type { Calibration, CalibrationResult } from './result.js';

const percent = (key: string, title: string) => ({ key, title, format: 'percent', better: 'lower' }) as const;

/** One row per system: every calibration error of the model as it is. */
export function overviewTable(
  dataset: DatasetInfo,
  results: readonly CalibrationResult[],
  bins: number,
): Table {
  return {
    id: `calibration-${dataset.name}`,
    title: `Calibration on ${dataset.name}`,
    caption: `${dataset.size} examples, ${bins} bins, as the models are (T = 1). "If calibrated" is the ECE that a perfectly calibrated model with the same confidences would show on as many examples: an ECE inside that range is not distinguishable from perfect calibration. A positive gap is over-confidence. Bootstrap intervals, 95 %; that of an ECE is about what it comes to on as many examples, which of few is more than the true gap.`,
    columns: [
      { key: 'model', title: 'Model', format: 'text' },
      percent('ece', 'ECE'),
      { key: 'floor', title: 'If calibrated', format: 'percent', better: 'none' },
      percent('ece-equal-mass', 'ECE, equal mass'),
      percent('mce', 'MCE'),
      percent('rms-ce', 'RMS-CE'),
      percent('classwise-ece', 'Classwise ECE'),
      { key: 'signed-gap', title: 'Confidence - accuracy', format: 'percent', better: 'none' },
    ],
    rows: results.map(({ system, whole: { metrics, floor } }) => ({
      model: system.name,
      ece: cell(metrics.ece),
      floor: floor ? { value: floor.mean, interval: floor.interval } : null,
      'ece-equal-mass': cell(metrics['ece-equal-mass']),
      mce: cell(metrics.mce),
      'rms-ce': cell(metrics['rms-ce']),
      'classwise-ece': cell(metrics['classwise-ece']),
      'signed-gap': cell(metrics['signed-gap']),
    })),
  };
}

/** One row per system: before and after temperature scaling, on the same examples. */
export function temperatureTable(dataset: DatasetInfo, results: readonly CalibrationResult[]): Table {
  const on = [...new Set(results.map(({ fit }) => fit.on))].join('; ');
  const number = (key: string, title: string) => ({ key, title, format: 'number', better: 'lower' }) as const;
  return {
    id: `temperature-${dataset.name}`,
    title: `Temperature scaling on ${dataset.name}`,
    caption: `T minimises the NLL of ${on}. Before and after are measured on the same examples, and T was fitted on none of them.`,
    columns: [
      { key: 'model', title: 'Model', format: 'text' },
      { key: 'temperature', title: 'T', format: 'number', better: 'none' },
      { key: 'fitted', title: 'n fitted', format: 'number' },
      { key: 'reported', title: 'n reported', format: 'number' },
      percent('ece-before', 'ECE before'),
      percent('ece-after', 'ECE after'),
      percent('classwise-before', 'Classwise before'),
      percent('classwise-after', 'Classwise after'),
      number('nll-before', 'NLL before'),
      number('nll-after', 'NLL after'),
    ],
    rows: results.map(({ system, fit, before, after }) => ({
      model: system.name,
      temperature: fit.temperature.fitted
        ? { value: fit.temperature.temperature, interval: fit.temperature.interval }
        : 'refused',
      fitted: fit.temperature.n,
      reported: fit.reported.length,
      'ece-before': cell(before.metrics.ece),
      'ece-after': after ? cell(after.metrics.ece) : null,
      'classwise-before': cell(before.metrics['classwise-ece']),
      'classwise-after': after ? cell(after.metrics['classwise-ece']) : null,
      'nll-before': cell(before.metrics.nll),
      'nll-after': after ? cell(after.metrics.nll) : null,
    })),
  };
}

/** A reliability diagram of some examples. */
export const reliabilityFigure = (
  { system, dataset }: Pick<CalibrationResult, 'system' | 'dataset'>,
  id: string,
  title: string,
  { bins, metrics }: Calibration,
): ReliabilityFigure => ({
  kind: 'reliability',
  id: `${id}-${system.name}-${dataset.name}`,
  title,
  caption: `ECE ${(100 * metrics.ece.value).toFixed(2)} %, n = ${metrics.ece.n}. Wilson intervals per bin; grey is where a calibrated model with these confidences lies, 95 %.`,
  system: system.name,
  bins,
});

/** Reliability diagrams: of all examples as the model is, and of the reported ones after scaling. */
export function reliabilityFigures(result: CalibrationResult): ReliabilityFigure[] {
  const { system, dataset, whole, fit, after } = result;
  const name = `${system.name} on ${dataset.name}`;
  const scaled =
    after && fit.temperature.fitted
      ? [
          reliabilityFigure(
            result,
            'reliability-scaled',
            `${name}, T = ${fit.temperature.temperature.toPrecision(3)}`,
            after,
          ),
        ]
      : [];
  const drawable = whole.classified.n > 0;
  return drawable ? [reliabilityFigure(result, 'reliability', name, whole), ...scaled] : [];
}
