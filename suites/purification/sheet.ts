import type { ExampleSheet } from '../../src/suite.js';
import type { PurificationResult } from './result.js';

/**
 * A row per system, example, kind of image and number of steps. Of images made against the whole (`adaptive`) it is told
 * only whether the example stays correct.
 */
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
      'correct',
      'log_px_before',
      'log_px_after',
      'log_px_change',
    ],
    rows: results.flatMap(({ system, dataset, steps, indices, labels, clean, transferred, adaptive }) => [
      ...Object.entries({ clean, transferred }).flatMap(([images, { predictions, before, after }]) =>
        steps.flatMap((count, k) =>
          Array.from(indices, (example, i) => [
            system.name,
            dataset.name,
            example,
            labels[i],
            images,
            count,
            predictions[k][i],
            predictions[k][i] === labels[i],
            before[i],
            after[k][i],
            after[k][i] - before[i],
          ]),
        ),
      ),
      ...adaptive.flatMap((found, k) =>
        (found?.spared ?? []).map((spared, i) => [
          system.name,
          dataset.name,
          found?.indices[i] ?? null,
          found?.labels?.[i] ?? null,
          'adaptive',
          steps[k],
          null,
          spared,
          null,
          null,
          null,
        ]),
      ),
    ]),
  };
}
