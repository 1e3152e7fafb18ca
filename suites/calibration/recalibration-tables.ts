import { cell, type DatasetInfo, type ReliabilityFigure, type Table } from '../../src/suite.js';
import type { CalibrationResult, Recalibrations } from './result.js';
import { reliabilityFigure } from './tables.js';

const share = (key: string, title: string, better: 'higher' | 'lower') =>
  ({ key, title, format: 'percent', better }) as const;
const change = (key: string, format: 'percent' | 'number', better: 'higher' | 'lower') =>
  ({ key, title: 'Change', format, better }) as const;

/** Tables of a data set on which several recalibrators were fitted. */
export function recalibrationTables(dataset: DatasetInfo, results: readonly CalibrationResult[]): Table[] {
  return results.some(({ recalibrations }) => recalibrations)
    ? [comparison(dataset, results), parameters(dataset, results)]
    : [];
}

/** One row per system and recalibrator, the model as it is first. */
function comparison(dataset: DatasetInfo, results: readonly CalibrationResult[]): Table {
  const on = [...new Set(results.map(({ fit }) => fit.on))].join('; ');
  return {
    id: `recalibration-${dataset.name}`,
    title: `Recalibrators on ${dataset.name}`,
    caption: `Fitted on ${on}, and reported on examples that none was fitted on. Changes are those from the model as it is, on the same examples: paired bootstrap of NLL and ECE, Newcombe's interval of accuracy with McNemar's mid-p, each of one change by itself. Those of ECE reach at least as far as examples none of which was seen can move it. Best has the least NLL; not told apart from it are those whose paired interval holds 0, at 95 % for all of a model together.`,
    columns: [
      { key: 'model', title: 'Model', format: 'text' },
      { key: 'recalibrator', title: 'Recalibrator', format: 'text' },
      { key: 'standing', title: 'By NLL', format: 'text' },
      { key: 'nll', title: 'NLL', format: 'number', better: 'lower' },
      change('nll-change', 'number', 'lower'),
      share('ece', 'ECE', 'lower'),
      change('ece-change', 'percent', 'lower'),
      share('accuracy', 'Accuracy', 'higher'),
      change('accuracy-change', 'percent', 'higher'),
      { key: 'p', title: 'p', format: 'p', better: 'none' },
    ],
    rows: results.flatMap(({ system, recalibrations }) =>
      recalibrations ? rowsOf(system.name, recalibrations) : [],
    ),
  };
}

function rowsOf(
  model: string,
  { before, beforeAccuracy, beforeStanding, each }: Recalibrations,
): Table['rows'] {
  return [
    {
      model,
      recalibrator: 'none',
      standing: beforeStanding,
      nll: cell(before.metrics.nll),
      'nll-change': null,
      ece: cell(before.metrics.ece),
      'ece-change': null,
      accuracy: cell(beforeAccuracy),
      'accuracy-change': null,
      p: null,
    },
    ...each.map(({ recalibrator: { title }, reported }): Table['rows'][number] => {
      if (!reported)
        return {
          model,
          recalibrator: title,
          standing: 'refused',
          nll: null,
          'nll-change': null,
          ece: null,
          'ece-change': null,
          accuracy: null,
          'accuracy-change': null,
          p: null,
        };
      const { calibration, accuracy, nllChange, eceChange, accuracyChange, standing } = reported;
      const { value, interval, p } = accuracyChange;
      return {
        model,
        recalibrator: title,
        standing,
        nll: cell(calibration.metrics.nll),
        'nll-change': cell(nllChange),
        ece: cell(calibration.metrics.ece),
        'ece-change': cell(eceChange),
        accuracy: cell(accuracy),
        'accuracy-change': { value: Number.isFinite(value) ? value : null, interval },
        p: { value: Number.isFinite(p) ? p : null },
      };
    }),
  ];
}

/** What was fitted: of parameters that each class has, their range. */
function parameters(dataset: DatasetInfo, results: readonly CalibrationResult[]): Table {
  const number = (key: string, title: string) => ({ key, title, format: 'number', better: 'none' }) as const;
  return {
    id: `recalibration-parameters-${dataset.name}`,
    title: `Parameters of recalibrators on ${dataset.name}`,
    caption:
      'Of parameters that each class has, the least, the median and the largest; all of them are in the sheet recalibration-parameters. NLL is that of the fitting examples, which no recalibrator raises.',
    folded: true,
    columns: [
      { key: 'model', title: 'Model', format: 'text' },
      { key: 'recalibrator', title: 'Recalibrator', format: 'text' },
      { key: 'parameter', title: 'Parameter', format: 'text' },
      number('count', 'Numbers'),
      number('least', 'Least'),
      number('median', 'Median'),
      number('largest', 'Largest'),
      number('steps', 'Steps'),
      number('nll', 'NLL, fitted'),
    ],
    rows: results.flatMap(({ system, recalibrations }) =>
      (recalibrations?.each ?? []).flatMap(({ recalibrator, fit }) => {
        if (!fit.fitted) return [];
        return fit.parameters.map(({ name, values, interval }) => {
          const sorted = Float64Array.from(values).sort();
          return {
            model: system.name,
            recalibrator: recalibrator.title,
            parameter: name,
            count: values.length,
            least: values.length > 1 ? sorted[0]! : null,
            median: {
              value: sorted[sorted.length >> 1]!,
              ...(interval && { interval: [interval[0], interval[1]] as [number, number] }),
            },
            largest: values.length > 1 ? sorted[sorted.length - 1]! : null,
            steps: fit.iterations,
            nll: fit.nllAfter,
          };
        });
      }),
    ),
  };
}

/** A reliability diagram after each recalibrator; that of the temperature is drawn anyway. */
export function recalibratedFigures({
  system,
  dataset,
  recalibrations,
}: CalibrationResult): ReliabilityFigure[] {
  return (recalibrations?.each ?? []).flatMap(({ recalibrator: { name, title }, reported }) =>
    reported && name !== 'temperature' && reported.calibration.classified.n > 0
      ? [
          reliabilityFigure(
            { system, dataset },
            `reliability-${name}`,
            `${system.name} on ${dataset.name}, ${title}`,
            reported.calibration,
          ),
        ]
      : [],
  );
}
