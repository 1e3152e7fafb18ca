import { AssayError, unknownName } from '../../errors.js';
import type { Run } from './candidates.js';
import type { TableSpec } from './spec.js';

/**
 * Errors: `config-invalid` where two folders hold the same run, whose deviation would be 0; `unknown-name` for models
 * that no run has.
 */
export function checkSeeds(
  { seeds }: TableSpec,
  runs: readonly Run[],
  place: { file: string; path: string },
): void {
  if (seeds === undefined) return;
  if (seeds === 'folders') {
    const keys = runs.map(({ results }) => results.key);
    const twice = runs.findIndex(({ results: { key } }, i) => key !== undefined && keys.indexOf(key) < i);
    if (twice < 0) return;
    const first = keys.indexOf(keys[twice]);
    throw new AssayError('config-invalid', 'two folders hold the same run: they are no two seeds', {
      ...place,
      found: `run ${keys[twice]} in ${runs[first]!.folder} and ${runs[twice]!.folder}`,
      hint: 'name one of them, beside runs of other checkpoints or with other seeds',
    });
  }
  const known = [...new Set(runs.flatMap(({ results }) => results.systems.map(({ name }) => name)))];
  for (const [name, models] of Object.entries(seeds)) {
    for (const [i, model] of models.entries()) {
      if (!known.includes(model)) {
        throw unknownName('model', model, known, { file: place.file, path: `${place.path}.${name}[${i}]` });
      }
    }
  }
}

/** Over how many seeds the values of a model should be. */
export const seedsExpected = ({ seeds }: TableSpec, runs: readonly Run[], model: string): number =>
  seeds === 'folders' ? runs.length : (seeds?.[model]?.length ?? 1);
