import type { DatasetInfo } from '../data/dataset.js';
import type { Score, ScoreOptions } from '../scores/score.js';
import type { Warning } from './results.js';
import { fittedTo } from './score-support.js';

/** What a score was fitted to. */
export interface FittedOn {
  dataset: DatasetInfo;
  /** Images that it keeps to compare with, where it keeps images. */
  keeps?: number;
}

/** What a score is fitted to in a run; undefined where it is not fitted, or cannot be. */
export function fittedOn(
  { fit }: Pick<Score, 'fit'>,
  settings: ScoreOptions,
  datasets: readonly DatasetInfo[],
): FittedOn | undefined {
  const dataset = fit && fittedTo(fit, datasets);
  if (!fit || !dataset) return undefined;
  return { dataset, ...(fit.keeps && { keeps: fit.keeps(dataset.size, settings) }) };
}

/** `train (2000 images)`, `train (500 of 2000 images)`. */
export const fittedOnText = ({ dataset: { name, size }, keeps = size }: FittedOn): string =>
  keeps < size ? `${name} (${keeps} of ${size} images)` : `${name} (${size} images)`;

/** Scores that were fitted to another set than they should be, and to a part of one. */
export function fittedWarnings(
  suite: string,
  scores: readonly (Score & { settings: ScoreOptions })[],
  datasets: readonly DatasetInfo[],
): Warning[] {
  const fitted = scores.flatMap((score) => {
    const on = fittedOn(score, score.settings, datasets);
    const role = [score.fit?.role ?? []].flat()[0];
    return on ? [{ score, on, wanted: role }] : [];
  });
  const sets = [...new Set(fitted.map(({ on }) => on.dataset))];
  return sets.flatMap((dataset): Warning[] => {
    const own = fitted.filter(({ on }) => on.dataset === dataset);
    const instead = own.filter(({ wanted }) => wanted === 'validation' && dataset.role === 'train');
    const parts = own.filter(({ on: { keeps = dataset.size } }) => keeps < dataset.size);
    const titles = (of: typeof own) => of.map(({ score }) => score.title).join(', ');
    return [
      ...(instead.length > 0
        ? [
            {
              suite,
              dataset: dataset.name,
              code: 'fitted-to-training-images',
              severity: 'note' as const,
              message: `without a validation set, ${titles(instead)} ${instead.length > 1 ? 'are' : 'is'} fitted to the training images of "${dataset.name}"`,
              why: 'a model is surer of the images that it was trained on than of others: a temperature or a typical log p(x) taken from them is off for new images',
              fix: 'add a data set with `role: validation`',
            },
          ]
        : []),
      ...parts.map(({ score, on }) => ({
        suite,
        dataset: dataset.name,
        code: 'fitted-to-a-part',
        severity: 'warning' as const,
        message: `${score.title} compares with ${on.keeps} of the ${dataset.size} images of "${dataset.name}", drawn by the seed`,
        why: 'fewer neighbours are farther away: the score is another than with all images',
        fix: 'leave its option `images` out',
      })),
    ];
  });
}
