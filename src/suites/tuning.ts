import { type Static, Type } from '../config/type.js';
import type { DatasetInfo } from '../data/dataset.js';
import { AssayError, unknownName } from '../errors.js';
import { type ChosenScore, settledScore, type Tuning } from './chosen-scores.js';
import { distinctOptions } from './distinct-options.js';

/** The option of suites that can choose options of scores. */
export const TuneOption = Type.Object(
  {
    id: Type.String({ minLength: 1, description: 'Name of a data set with `role: validation`.' }),
    ood: Type.String({ minLength: 1, description: 'Name of a data set with `role: validation-ood`.' }),
  },
  {
    additionalProperties: false,
    description:
      'Chooses the options of every score that is named without options and has a grid, by the AUROC of this pair, for each system by itself. Ties go to the published default. Default: published defaults stand.',
  },
);
export type TuneOption = Static<typeof TuneOption>;

/**
 * The pair of data sets. Errors: `unknown-name`; `config-invalid` for another role, and for one that is reported, or
 * made of one that is.
 */
export function tuningPair(named: TuneOption, datasets: readonly DatasetInfo[]): Pick<Tuning, 'id' | 'ood'> {
  const find = (key: 'id' | 'ood', role: DatasetInfo['role']) => {
    const path = `tune.${key}`;
    const dataset = datasets.find(({ name }) => name === named[key]);
    if (!dataset)
      throw unknownName(
        'data set',
        named[key],
        datasets.filter((set) => set.role === role).map(({ name }) => name),
        { path },
      );
    if (dataset.role !== role)
      throw new AssayError('config-invalid', `options cannot be chosen on "${dataset.name}"`, {
        path,
        expected: `a data set with \`role: ${role}\`, which is not reported`,
        found: `\`role: ${dataset.role}\``,
        hint: `give images that nothing is reported of as another data set, with \`role: ${role}\``,
      });
    refuseReported(dataset, datasets, path);
    return dataset;
  };
  return { id: find('id', 'validation'), ood: find('ood', 'validation-ood') };
}

function refuseReported(of: DatasetInfo, datasets: readonly DatasetInfo[], path: string): void {
  const reported = datasets.filter(({ role }) => role === 'test' || role === 'ood');
  const same = reported.find(
    ({ name, fingerprint, recipe }) =>
      fingerprint === of.fingerprint || of.recipe?.of === name || recipe?.of === of.name,
  );
  if (!same) return;
  throw new AssayError('config-invalid', `options cannot be chosen on "${of.name}"`, {
    path,
    expected: 'images that nothing is reported of',
    found: `the images of "${same.name}", \`role: ${same.role}\``,
    hint: 'use other images, such as another part of the data (`offset`, `limit`)',
  });
}

/**
 * Scores with options to be chosen: those that have a grid and were given no options, not even their defaults. The others
 * stay as they are.
 * Errors: `config-invalid` where there is none.
 */
export function tunedScores(scores: readonly ChosenScore[], pair: Pick<Tuning, 'id' | 'ood'>): ChosenScore[] {
  const tuned = scores.map((score) => tunedScore(score, pair));
  if (tuned.some(({ tuning }) => tuning)) return tuned;
  throw new AssayError('config-invalid', 'there are no options to choose', {
    path: 'tune',
    expected: 'a score that has a grid and is named without options, such as energy or odin',
    found: scores.map(({ id }) => id).join(', '),
    hint: 'add such a score, or leave out `tune`',
  });
}

function tunedScore(score: ChosenScore, pair: Pick<Tuning, 'id' | 'ood'>): ChosenScore {
  if (!score.grid || score.given.length > 0) return score;
  const settled = score.grid.map((given) => settledScore(score, { ...score.settings, ...given }));
  const grid = distinctOptions([score.settings, ...settled]);
  if (grid.length < 2) return score;
  return {
    ...score,
    id: `${score.id}(tuned)`,
    title: `${score.title} (tuned)`,
    tuning: { grid, ...pair },
  };
}
