import type { ExampleSheet } from '../../src/suite.js';
import { attackedColumn, byRadius } from './measures.js';
import type { Raised } from './robust-auroc.js';
import { type Evaded, isMistaken, passesAware, passesPlain } from './undetected-errors.js';

export const scoreSheetName = (prefix: string) => `${prefix}-scores`;
export const errorSheetName = (prefix: string) => `${prefix}-errors`;

/** A row per detector, test set, OOD set and image: clean test images, and OOD images clean and at every radius. */
export function scoreSheet(name: string, raised: readonly Raised[]): ExampleSheet[] {
  if (raised.length === 0) return [];
  const epsilons = byRadius(raised[0]!);
  return [
    {
      name: scoreSheetName(name),
      columns: [
        'model',
        'score',
        'test_set',
        'ood_set',
        'role',
        'index',
        'clean',
        ...epsilons.map(attackedColumn),
      ],
      rows: {
        *[Symbol.iterator]() {
          for (const [at, one] of raised.entries()) {
            const { system, score, id, ood, indices, idIndices, idScores, cleanScores, attackedScores } = one;
            // Clean test images belong to every OOD set: they are written with the first.
            const first =
              raised.findIndex((o) => o.system === system && o.score === score && o.id === id) === at;
            const head = [system.name, score.id, id.name];
            const none = epsilons.map(() => null);
            for (let i = 0; first && i < idIndices.length; i++) {
              yield [...head, null, 'test', idIndices[i]!, idScores[i]!, ...none];
            }
            for (let i = 0; i < indices.length; i++) {
              const attacked = attackedScores.map((scores) => scores[i]!);
              yield [...head, ood.name, 'ood', indices[i]!, cleanScores[i]!, ...attacked];
            }
          }
        },
      },
    },
  ];
}

const finite = (value: number) => (Number.isFinite(value) ? value : null);

/** A row per detector and example of what was found; scores as attacks see them, max-softmax as its logarithm. */
export function errorSheet(name: string, evaded: readonly Evaded[]): ExampleSheet[] {
  if (evaded.length === 0) return [];
  const epsilons = byRadius(evaded[0]!);
  return [
    {
      name: errorSheetName(name),
      columns: [
        'model',
        'score',
        'dataset',
        'index',
        'label',
        'threshold',
        'clean_prediction',
        'clean_score',
        ...['clean', ...epsilons].map((text) => `mistaken_${text}`),
        'plain_prediction',
        'plain_score',
        'plain_refused',
        ...['clean', ...epsilons].map((text) => `evaded_${text}`),
        'evading_prediction',
        'evading_score',
        ...['clean', ...epsilons].map((text) => `undetected_${text}`),
      ],
      rows: {
        *[Symbol.iterator]() {
          for (const result of evaded) {
            const { system, score, id, indices, labels, threshold, clean, plain, aware } = result;
            const radii = [-1, ...epsilons.keys()];
            for (let i = 0; i < indices.length; i++) {
              yield [
                system.name,
                score.id,
                id.name,
                indices[i]!,
                labels[i]!,
                finite(threshold),
                clean.predictions[i]!,
                finite(clean.scores[i]!),
                ...radii.map((k) => isMistaken(result, i, k)),
                plain.predictions[i]!,
                finite(plain.scores[i]!),
                plain.scores[i]! < threshold,
                ...radii.map((k) => passesAware(result, i, k)),
                aware.predictions[i]!,
                finite(aware.scores[i]!),
                ...radii.map((k) => passesAware(result, i, k) || passesPlain(result, i, k)),
              ];
            }
          }
        },
      },
    },
  ];
}
