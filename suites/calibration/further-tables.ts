import { cell, type DatasetInfo, type Table } from '../../src/suite.js';
import type { CalibrationResult, Further } from './result.js';

/** More rows than these are detail. */
const FEW = 4;

/** A row per measure that was asked for, a column per system: shares in one table, what has other units in another. */
export function furtherTables(dataset: DatasetInfo, results: readonly CalibrationResult[]): Table[] {
  const about = new Map(
    results.flatMap(({ further }) => further.map((one) => [one.about.measure, one.about])),
  );
  const table = (format: 'percent' | 'number', title: string, caption: string): Table[] => {
    const rows = [...about.values()].filter((row) => row.format === format);
    if (rows.length === 0) return [];
    return [
      {
        id: `calibration-${format === 'percent' ? 'errors' : 'scores'}-${dataset.name}`,
        title: `${title} on ${dataset.name}`,
        caption,
        ...(rows.length > FEW && { folded: true }),
        columns: [
          { key: 'measure', title: 'Measure', format: 'text' },
          ...results.map(({ system }, s) => ({ key: `system-${s}`, title: system.name, format })),
        ],
        rows: rows.map(({ measure, title, params }) => ({
          measure: named(title, params),
          ...Object.fromEntries(
            results.map(({ further }, s) => {
              const entry = further.find((one) => one.about.measure === measure);
              return [`system-${s}`, entry ? cell(entry.estimate) : null];
            }),
          ),
        })),
      },
    ];
  };
  return [
    ...table(
      'percent',
      'Further calibration errors',
      'As the models are (T = 1). Low is good. An interval above 0 is no evidence against calibration, of the debiased ECE neither: a test says that. Areas under risk-coverage curves also fall with the error rate.',
    ),
    ...table(
      'number',
      'Scores and tests of calibration',
      'As the models are (T = 1). Debiased estimates and kernel errors can be negative: they are then indistinguishable from 0. A small p says that the model is not calibrated; a large one, that these examples do not show it.',
    ),
  ];
}

/** With what it depends on, other than the bins that all have. */
function named(title: string, { bins: _, ...params }: Further['about']['params']): string {
  const told = Object.entries(params).map(([key, value]) => `${WORDS[key] ?? key} ${value}`);
  return told.length > 0 ? `${title} (${told.join(', ')})` : title;
}

const WORDS: Readonly<Record<string, string>> = { positiveClass: 'class', threshold: 'above' };
