import type { Place } from '../../bytes/byte-source.js';
import type { Closing } from '../../bytes/closing.js';
import { AssayError } from '../../errors.js';
import type { ImageSource } from '../source.js';
import type { DatasetSpec } from '../spec.js';
import { arrayImages } from './array-images.js';
import type { ArraySource } from './array-source.js';
import { labelNames, namesImages, namesLabels } from './names.js';

/**
 * A data set made of arrays that one file holds under names: images and labels are found by theirs.
 * @param openArray one of `names`, or what the data set asks for; errors: `unknown-name`
 * Errors: `data-invalid` when the names do not tell.
 */
export async function namedImages(
  names: readonly string[],
  openArray: (name: string) => Promise<ArraySource>,
  spec: DatasetSpec,
  closing: Closing,
): Promise<ImageSource> {
  const images = imagesName(names, spec);
  const labels = labelsName(names, images, spec);
  const source = await arrayImages(
    await openArray(images),
    labels === undefined ? undefined : await openArray(labels),
    spec,
    closing.close,
  );
  return { ...source, part: images };
}

function unclear(
  what: 'images' | 'labels',
  candidates: readonly string[],
  names: readonly string[],
  place: Place,
) {
  return new AssayError(
    'data-invalid',
    candidates.length > 0 ? `several arrays may hold the ${what}` : `no array is named as ${what} are`,
    {
      ...place,
      expected:
        what === 'images' ? 'one array named images, x, data or alike' : 'one array named labels, y or alike',
      found: `arrays ${names.join(', ') || '(none)'}`,
      hint: `name it: \`${what}: ${candidates[0] ?? names[0] ?? 'NAME'}\`${what === 'labels' ? ', or say `labels: false`' : ''}`,
    },
  );
}

/** The only array that is named as images are, or the only one that is not named as labels are. */
function imagesName(names: readonly string[], spec: DatasetSpec): string {
  if (spec.images !== undefined) return spec.images;
  const named = names.filter(namesImages);
  const candidates = named.length > 0 ? named : names.filter((name) => !namesLabels(name));
  if (candidates.length === 1) return candidates[0]!;
  throw unclear('images', likelyFirst(candidates, spec), names, { file: spec.path });
}

/** Parts that roles are taken from, by the words that name them. */
const PARTS = { test: /test/i, ood: /test/i, validation: /val/i, 'validation-ood': /val/i, train: /train/i };

/** Those of the part that the role speaks of, and then the others: MedMNIST has train, val and test in one archive. */
function likelyFirst(candidates: readonly string[], { role = 'test' }: DatasetSpec): string[] {
  const likely = candidates.filter((name) => PARTS[role].test(name));
  return [...likely, ...candidates.filter((name) => !likely.includes(name))];
}

/** The array paired with the images by name; otherwise the only one that is named as labels are. */
function labelsName(names: readonly string[], images: string, spec: DatasetSpec): string | undefined {
  if (spec.labels === false) return undefined;
  if (spec.labels !== undefined) return spec.labels;
  const paired = labelNames(images).find((name) => names.includes(name));
  if (paired !== undefined) return paired;
  const candidates = names.filter((name) => name !== images && namesLabels(name));
  if (candidates.length > 1) throw unclear('labels', candidates, names, { file: spec.path });
  return candidates[0];
}
