import { type Measure, type MeasureDescription, measure, type Warning } from '../../src/suite.js';
import { recalibratedRows } from './recalibration-sheet.js';
import type { CalibrationResult, Reported } from './result.js';
import { LOGITS_IN_SHEET } from './sheet.js';

export const RECALIBRATED: readonly string[] = [
  'recalibrated-nll',
  'recalibrated-ece',
  'recalibrated-classwise-ece',
  'recalibrated-accuracy',
  'nll-change',
];

/** Measures of every recalibrator that was fitted. */
export function recalibrationMeasures(suite: string, result: CalibrationResult, bins: number): Measure[] {
  return (result.recalibrations?.each ?? []).flatMap(({ recalibrator, reported }) =>
    reported ? measuresOf(suite, result, recalibrator, reported, bins) : [],
  );
}

function measuresOf(
  suite: string,
  result: CalibrationResult,
  { name, title }: { name: string; title: string },
  { calibration: { metrics, classified }, accuracy, nllChange }: Reported,
  bins: number,
): Measure[] {
  const { system, dataset, fit } = result;
  const of = (id: string, what: string, rest: Pick<MeasureDescription, 'better' | 'format'>) => ({
    ...rest,
    suite,
    model: system.name,
    dataset: dataset.name,
    measure: id,
    title: `${what}, ${title}`,
  });
  const params = { recalibrator: name, fittedOn: fit.on };
  const lower = (format: 'percent' | 'number') => ({ better: 'lower', format }) as const;
  const mean = (column: string) =>
    recalibratedRows(result, name, { statistic: 'mean', columns: { value: column } });
  return [
    measure(
      { ...of('recalibrated-nll', 'NLL (nats)', lower('number')), params, rows: mean('nll') },
      metrics.nll,
    ),
    measure(
      {
        ...of('recalibrated-ece', 'ECE', lower('percent')),
        params: { ...params, bins },
        rows: recalibratedRows(result, name, {
          statistic: 'ece',
          columns: { confidence: 'confidence', outcome: 'correct' },
          options: { bins },
        }),
      },
      metrics.ece,
    ),
    measure(
      {
        ...of('recalibrated-classwise-ece', 'Classwise ECE', lower('percent')),
        params: { ...params, bins },
        ...(classified.classes <= LOGITS_IN_SHEET && {
          rows: recalibratedRows(result, name, {
            statistic: 'classwise-ece',
            columns: { logits: 'log_probabilities', label: 'label' },
            options: { bins, temperature: 1 },
          }),
        }),
      },
      metrics['classwise-ece'],
    ),
    measure(
      {
        ...of('recalibrated-accuracy', 'Accuracy', { better: 'higher', format: 'percent' }),
        params,
        rows: recalibratedRows(result, name, { statistic: 'share', columns: { outcome: 'correct' } }),
      },
      accuracy,
    ),
    measure(
      { ...of('nll-change', 'Change of NLL (nats)', lower('number')), params, rows: mean('nll_change') },
      nllChange,
    ),
  ];
}

/** Recalibrators that were refused, that do harm, and what was found in fitting; the temperature has warnings of its own. */
export function recalibrationWarnings(suite: string, result: CalibrationResult): Warning[] {
  const {
    system,
    dataset,
    fit: { on },
    recalibrations,
  } = result;
  const at = { suite, model: system.name, dataset: dataset.name };
  const each = (recalibrations?.each ?? []).filter(({ recalibrator: { name } }) => name !== 'temperature');
  const refused = new Map<string, string[]>();
  for (const { recalibrator, fit } of each)
    if (!fit.fitted) refused.set(fit.reason, [...(refused.get(fit.reason) ?? []), recalibrator.title]);
  const refusals = [...refused].map(
    ([reason, titles]): Warning => ({
      ...at,
      code: 'recalibrator-refused',
      severity: 'warning',
      message: `not fitted on ${on}: ${titles.join('; ')}, because ${reason}`,
      fix: 'fit on more examples, of every class, some of which the model gets wrong',
    }),
  );
  const others = each.flatMap(({ recalibrator, fit, reported }): Warning[] => {
    if (!fit.fitted) return [];
    const notes = (fit.notes ?? []).map(
      (note): Warning => ({
        ...at,
        code: 'recalibrator-note',
        severity: 'note',
        message: `${recalibrator.title}, fitted on ${on}: ${note}`,
      }),
    );
    if (!reported?.nllChange.interval || reported.nllChange.interval[0] <= 0) return notes;
    return [
      ...notes,
      {
        ...at,
        code: 'recalibrator-does-not-transfer',
        severity: 'warning',
        message: `${recalibrator.title}, fitted on ${on}, raises the NLL of the reported examples`,
        why: 'it has too many parameters for the examples it was fitted on, or the two sets differ',
        fix: 'fit on more examples, or a recalibrator of fewer parameters',
      },
    ];
  });
  return [...refusals, ...others];
}
