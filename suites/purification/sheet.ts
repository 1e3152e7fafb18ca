import type { ExampleSheet } from '../../src/suite.js';
import type { PurificationResult } from './result.js';

/** A row per system, example, kind of image and number of steps. */
export function sheet(name: string, results: readonly PurificationResult[]): ExampleSheet {
  return {
    name,
    columns: [
      'model',
      'dataset',
      'index',
      'label',
      'images',
      'steps',
      'prediction',
      'log_px_before',
      'log_px_after',
    ],
    rows: results.flatMap(({ system, dataset, steps, indices, labels, clean, transferred }) =>
      Object.entries({ clean, transferred }).flatMap(([images, { predictions, before, after }]) =>
        steps.flatMap((count, k) =>
          Array.from(indices, (example, i) => [
            system.name,
            dataset.name,
            example,
            labels[i],
            images,
            count,
            predictions[k][i],
            before[i],
            after[k][i],
          ]),
        ),
      ),
    ),
  };
}
