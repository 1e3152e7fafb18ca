import type { ExampleSheet } from '../../src/suite.js';
import type { Robustness } from './robustness.js';
import type { Scored } from './scored.js';

/** A row per system, data set and image. */
export const scoreSheet = (
  name: string,
  scored: readonly Scored[],
  scores: readonly string[],
): ExampleSheet => ({
  name,
  columns: ['model', 'dataset', 'role', 'index', 'correct', 'confidence', ...scores],
  rows: {
    *[Symbol.iterator]() {
      for (const { system, dataset, indices, correct, confidence, scores: values } of scored)
        for (const [i, index] of indices.entries())
          yield [
            system.name,
            dataset.name,
            dataset.role,
            index,
            correct ? correct[i] === 1 : null,
            confidence ? confidence[i]! : null,
            ...scores.map((id) => values.get(id)?.[i] ?? null),
          ];
    },
  },
});

/** A row per system, norm, radius and image: robust or not, by every way to judge it. */
export const robustnessSheet = (name: string, results: readonly Robustness[]): ExampleSheet => ({
  name,
  columns: [
    ...['model', 'dataset', 'index', 'label', 'norm', 'epsilon', 'correct'],
    ...['last', 'best', 'confirmed', 'sweep', 'corrected', 'published_distance'],
  ],
  rows: {
    *[Symbol.iterator]() {
      for (const { system, dataset, norm, epsilons, indices, labels, correct, distance, verdicts } of results)
        for (const [k, { last, best, confirmed, sweep, corrected }] of verdicts.entries())
          for (const [i, index] of indices.entries())
            yield [
              system.name,
              dataset.name,
              index,
              labels[i]!,
              norm,
              epsilons[k]!,
              correct[i] === 1,
              ...[last, best, confirmed, sweep, corrected].map((verdict) => verdict[i] === 1),
              Number.isFinite(distance[i]) ? distance[i]! : null,
            ];
    },
  },
});
