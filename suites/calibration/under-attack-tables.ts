import { type Estimate, wilson } from '../../src/metrics.js';
import { cell, type ExampleSheet, type Table } from '../../src/suite.js';
import { SHEET, type UnderAttack } from './under-attack.js';

/** A row per system and attack, beside the ECE of the images as they are. */
export function underAttackTables(
  results: readonly UnderAttack[],
  clean: (system: string, dataset: string) => Estimate | undefined,
): Table[] {
  return [...new Set(results.map(({ dataset }) => dataset.name))].map((dataset) => ({
    id: `calibration-under-attack-${dataset}`,
    title: `Calibration under attack on ${dataset}`,
    caption:
      'Fresh predictions of the images that the attack ended at, within the largest radius: of an example that it broke, the misclassified image. An attacker who wants confident mistakes climbs another loss: a small gap here is no promise.',
    columns: [
      { key: 'model', title: 'Model', format: 'text' },
      { key: 'attack', title: 'Attack', format: 'text' },
      { key: 'n', title: 'n', format: 'number' },
      { key: 'accuracy', title: 'Accuracy', format: 'percent', better: 'higher' },
      { key: 'gap', title: 'Confidence - accuracy', format: 'percent', better: 'none' },
      { key: 'ece', title: 'ECE', format: 'percent', better: 'lower' },
      { key: 'clean', title: 'ECE, not attacked', format: 'percent', better: 'lower' },
      { key: 'nll', title: 'NLL', format: 'number', better: 'lower' },
    ],
    rows: results
      .filter((result) => result.dataset.name === dataset)
      .map(({ system, attack, classified: { n, correct }, estimates }) => {
        const plain = clean(system.name, dataset);
        return {
          model: system.name,
          attack,
          n,
          accuracy: cell(
            wilson(
              correct.reduce((sum, right) => sum + right, 0),
              n,
            ),
          ),
          gap: cell(estimates['signed-gap']),
          ece: cell(estimates.ece),
          clean: plain ? cell(plain) : null,
          nll: cell(estimates.nll),
        };
      }),
  }));
}

export function underAttackSheets(results: readonly UnderAttack[]): ExampleSheet[] {
  if (results.length === 0) return [];
  return [
    {
      name: SHEET,
      columns: ['model', 'dataset', 'index', 'attack', 'label', 'prediction', 'correct', 'confidence', 'nll'],
      rows: {
        *[Symbol.iterator]() {
          for (const { system, dataset, attack, indices, classified } of results) {
            const { n, labels, prediction, correct, confidence, nll } = classified;
            for (let i = 0; i < n; i++) {
              yield [
                system.name,
                dataset.name,
                indices[i]!,
                attack,
                labels[i]!,
                prediction[i]!,
                correct[i] === 1,
                confidence[i]!,
                nll[i]!,
              ];
            }
          }
        },
      },
    },
  ];
}
