import { logitsOf } from '../../src/measurements.js';
import { argmax } from '../../src/metrics.js';
import type { ExampleSheet } from '../../src/suite.js';
import { type Contrast, gapsOf, type Heights } from './heights.js';
import { NAME } from './measures.js';

/** A row per system, data set and example. */
export function sheet(heights: readonly Heights[], all: readonly Contrast[]): ExampleSheet {
  return {
    name: NAME,
    columns: ['model', 'dataset', 'role', 'index', 'log_px', 'log_px_gap', 'prediction', 'label'],
    rows: {
      *[Symbol.iterator]() {
        for (const of of heights) {
          const { system, dataset, indices, logPx, collected } = of;
          const contrast = all.find(({ own }) => own === of);
          const gaps = contrast?.partners && gapsOf(contrast, contrast.partners);
          const predictions = collected.rows.logits && argmax(logitsOf(collected));
          for (let i = 0; i < indices.length; i++) {
            const [gap, prediction, label] = [gaps?.[i], predictions?.[i], collected.labels?.[i]];
            yield [
              system.name,
              dataset.name,
              dataset.role,
              indices[i],
              logPx[i],
              gap ?? null,
              prediction ?? null,
              label ?? null,
            ];
          }
        }
      },
    },
  };
}
