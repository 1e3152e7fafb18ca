import type { ExampleSheet } from '../../src/suite.js';
import { type ConsistencyResult, isSteady } from './result.js';

export const SUITE = 'consistency';

/** A row an image and model, with lists in the order of the sequences. */
export function consistencySheet(results: readonly ConsistencyResult[]): ExampleSheet {
  return {
    name: SUITE,
    columns: ['model', 'dataset', 'index', 'steady', 'flips', 'reference_flips', 'changes'],
    rows: {
      *[Symbol.iterator]() {
        for (const { flips, reference } of results) {
          const width = flips.sequences.length;
          const list = (values: Float64Array | Int32Array, i: number) =>
            values.subarray(i * width, (i + 1) * width).join(' ');
          for (let i = 0; i < flips.n; i++)
            yield [
              ...[flips.system.name, flips.dataset.name, flips.indices[i]!, isSteady(flips, i)],
              list(flips.shares, i),
              reference ? list(reference.shares, i) : null,
              list(flips.changes, i),
            ];
        }
      },
    },
  };
}
