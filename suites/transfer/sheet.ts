import type { ExampleSheet } from '../../src/suite.js';
import type { TransferResult } from './result.js';

/** A row per source, target and example: every cell of both matrices can be counted from it. */
export function sheet(name: string, results: readonly TransferResult[]): ExampleSheet {
  return {
    name,
    columns: [
      'dataset',
      'source',
      'target',
      'index',
      'label',
      'source_correct',
      'source_broken',
      'white_box',
      'distance',
      'target_clean_prediction',
      'at_stake',
      'prediction',
      'lost',
    ],
    rows: {
      *[Symbol.iterator]() {
        for (const { dataset, indices, labels, pairs } of results) {
          for (const { source, target, whiteBox, distance, predictions, lost, atStake } of pairs) {
            for (let i = 0; i < indices.length; i++) {
              yield [
                dataset.name,
                source.system.name,
                target.system.name,
                indices[i]!,
                labels[i]!,
                source.correct[i]!,
                source.broken[i]!,
                whiteBox,
                Number.isFinite(distance[i]) ? distance[i]! : null,
                target.predictions[i]!,
                atStake[i]!,
                predictions[i]!,
                lost[i]!,
              ];
            }
          }
        }
      },
    },
  };
}
