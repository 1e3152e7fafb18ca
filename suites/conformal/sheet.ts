import type { ExampleSheet, MeasureRows } from '../../src/suite.js';
import type { ConformalResult } from './result.js';

const NAME = 'conformal';

const COLUMNS = [
  'model',
  'dataset',
  'index',
  'label',
  'score',
  'alpha',
  'split',
  'label_score',
  'threshold',
  'size',
  'covered',
  'singleton_hit',
  'slab',
] as const;

/** The rows of a score at an alpha, and what the statistic reads of them. */
export function rowsOf(
  { system, dataset, score }: Pick<ConformalResult, 'system' | 'dataset' | 'score'>,
  alpha: number,
  rest: Omit<MeasureRows, 'sheet' | 'where'> & { where?: MeasureRows['where'] },
): MeasureRows {
  return {
    ...rest,
    sheet: NAME,
    where: { model: system.name, dataset: dataset.name, score: score.name, alpha, ...rest.where },
  };
}

/**
 * A row per reported example, score and alpha; and, without alpha, one per calibration example and score, whose label scores
 * the thresholds are taken from.
 */
export function conformalSheet(results: readonly ConformalResult[]): ExampleSheet {
  return {
    name: NAME,
    columns: COLUMNS,
    rows: {
      *[Symbol.iterator]() {
        const done = new Set<string>();
        for (const result of results) {
          yield* reportedRows(result);
          const { system, source, score } = result;
          const key = JSON.stringify([system.name, source.dataset.name, score.name]);
          if (!done.has(key)) yield* fittedRows(result);
          done.add(key);
        }
      },
    },
  };
}

function* reportedRows({ system, dataset, score, indices, labels, ownScores, alphas }: ConformalResult) {
  for (const { alpha, threshold, sets, labelled } of alphas)
    for (let i = 0; i < indices.length; i++) {
      const covered = labelled ? labelled.covered[i] === 1 : null;
      yield [
        system.name,
        dataset.name,
        indices[i]!,
        labels?.[i] ?? null,
        score.name,
        alpha,
        'reported',
        ownScores?.[i] ?? null,
        Number.isFinite(threshold.value) ? threshold.value : 'infinite',
        sets.size[i]!,
        covered,
        covered === null ? null : covered && sets.size[i] === 1,
        labelled ? labelled.slab[i] === 1 : null,
      ];
    }
}

function* fittedRows({ system, source, score, held: { from, fitted }, fittedScores }: ConformalResult) {
  const unused = [null, null, null, null, null];
  for (let i = 0; i < fitted.length; i++) {
    const at = fitted[i]!;
    const [index, label] = [from.indices[at]!, from.labels?.[at] ?? null];
    yield [
      system.name,
      source.dataset.name,
      index,
      label,
      score.name,
      null,
      'fitted',
      fittedScores[i]!,
      ...unused,
    ];
  }
}
