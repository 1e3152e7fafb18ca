import type { GridPoint } from '../../src/measurements.js';
import type { ExampleSheet } from '../../src/suite.js';
import { SUITE } from './measures.js';
import type { SpatialResult } from './result.js';

/** A row an image and model; where it was first mistaken, with moves in shares of the side. */
export function spatialSheet(results: readonly SpatialResult[], grid: readonly GridPoint[]): ExampleSheet {
  return {
    name: SUITE,
    columns: [
      ...['model', 'dataset', 'index', 'label', 'clean_correct', 'robust'],
      ...['broken_degrees', 'broken_right', 'broken_down', 'random', 'all_random', 'by_angle'],
    ],
    rows: {
      *[Symbol.iterator]() {
        for (const result of results) {
          const { system, dataset, n, indices, labels, brokenAt, random, draws, byAngle, angles } = result;
          for (let i = 0; i < n; i++) {
            const point: GridPoint | undefined = grid[brokenAt[i]!];
            const hits = random.subarray(i * draws, (i + 1) * draws);
            yield [
              ...[system.name, dataset.name, indices[i]!, labels[i]!, brokenAt[i] !== 0, brokenAt[i]! < 0],
              ...[point?.degrees ?? null, point?.right ?? null, point?.down ?? null],
              ...[hits.join(' '), hits.every((hit) => hit === 1)],
              byAngle?.subarray(i * angles.length, (i + 1) * angles.length).join(' ') ?? null,
            ];
          }
        }
      },
    },
  };
}
