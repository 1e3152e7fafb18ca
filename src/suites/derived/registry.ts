import { blank } from '../../data/derived/blank.js';
import { blobs } from '../../data/derived/blobs.js';
import { corrupt } from '../../data/derived/corrupt.js';
import type { Generator, PixelTransform } from '../../data/derived/derivation.js';
import { gaussian } from '../../data/derived/gaussian.js';
import { interpolate } from '../../data/derived/interpolate.js';
import { invert } from '../../data/derived/invert.js';
import { rademacher } from '../../data/derived/rademacher.js';
import { shufflePatches } from '../../data/derived/shuffle-patches.js';
import { textures } from '../../data/derived/textures.js';
import { uniform } from '../../data/derived/uniform.js';
import { unknownName } from '../../errors.js';
import { Registry } from '../../registry.js';
import type { Catalogue } from '../catalogue.js';
import { attack } from './attack.js';
import type { MeasuredDerivation } from './measured.js';
import { purify } from './purify.js';
import { raise } from './raise.js';
import { sample } from './sample.js';

/** A way to make a data set of another one, or of nothing. */
export type Transform = PixelTransform | MeasuredDerivation;

/** By their key beside `of`. @param catalogue what attacks may name */
export const transformsOf = (catalogue: Catalogue): Registry<Transform> =>
  Registry.of<Transform>('transform', [
    interpolate,
    invert,
    shufflePatches,
    corrupt(catalogue.corruptions),
    attack(catalogue),
    raise(catalogue),
    purify,
    sample,
  ]);

/** By what `generate` names. */
export const generators = Registry.of<Generator>('generator', [
  uniform,
  gaussian,
  rademacher,
  blobs,
  textures,
  blank,
]);

/** Every way to make a data set that a run knows. */
export interface Derivations {
  transforms: Registry<Transform>;
  generators: Registry<Generator>;
}

/** The row that a recipe names. Errors: `unknown-name`. */
export function derivationOf(
  { by, of }: { by: string; of?: string },
  { transforms, generators }: Derivations,
): Transform | Generator {
  const made = transforms.find(by);
  const alone = made?.kind === 'measurement' && made.alone === true;
  const row = of !== undefined || alone ? made : generators.find(by);
  if (!row) throw unknownName('way to make a data set', by, [...transforms.names, ...generators.names]);
  return row;
}
