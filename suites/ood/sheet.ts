import type { ExampleSheet, SuiteContext } from '../../src/suite.js';
import { grouped } from './grouped.js';
import type { Scored } from './scored.js';

export const SHEET = 'ood';

/** A row per example and system, a column per score. */
export function sheet(
  scored: readonly Scored[],
  { systems }: Pick<SuiteContext, 'systems'>,
  scores: readonly string[],
): ExampleSheet {
  const groups = systems.flatMap((system) =>
    grouped(
      scored.filter((s) => s.system === system),
      ({ dataset }) => dataset,
    ),
  );
  return {
    name: SHEET,
    columns: ['model', 'dataset', 'role', 'index', 'label', 'prediction', 'correct', ...scores],
    rows: {
      *[Symbol.iterator]() {
        for (const group of groups) {
          const { system, dataset, indices, predicted } = group[0]!;
          const { labels, prediction, correct } = predicted ?? {};
          const columns = scores.map((id) => group.find(({ score }) => score.id === id)?.values);
          for (let i = 0; i < indices.length; i++) {
            yield [
              ...[system.name, dataset.name, dataset.role, indices[i]!],
              ...[labels?.[i] ?? null, prediction?.[i] ?? null, correct ? correct[i] === 1 : null],
              ...columns.map((values) => values?.[i] ?? null),
            ];
          }
        }
      },
    },
  };
}
