import type { OutputRows } from '../../src/measurements.js';
import { AssayError, type Collected, chosenRows } from '../../src/suite.js';
import { askedFor, type Form, placesOf, publishedPlaces } from './published.js';

/** The same images in every form, and so many as were asked for. */
export interface Paired {
  clean: Collected<OutputRows>;
  forms: readonly Form[];
  /** More than there are rows where some image failed in some form. */
  asked: number;
}

/**
 * The rows of all forms of the images that have them all: what failed in one setting is left out of every one, so that all
 * means are of the same images.
 * Errors: `data-invalid` as `publishedPlaces`, and where no image is left.
 */
export function paired(clean: Collected<OutputRows>, forms: readonly Form[]): Paired {
  const made = forms.filter(({ setting }) => !setting.published).map(({ found }) => found);
  const asked = askedFor([clean, ...made]);
  const places = forms.map(({ setting: { published }, found }) =>
    published ? publishedPlaces(clean, asked, found, published) : placesOf(found.indices),
  );
  const kept = clean.indices.filter((index) => places.every((of) => of.has(index)));
  if (kept.length === 0)
    throw new AssayError(
      'data-invalid',
      `no image of "${clean.request.dataset}" has all its corrupted forms`,
      {
        expected: 'an image for which no setting failed',
        found: `${asked.length} images, each of which failed in some setting`,
        hint: 'see the warnings of failed examples, and leave out the corruptions or published sets at fault',
      },
    );
  return {
    clean: picked(clean, kept, placesOf(clean.indices)),
    forms: forms.map(({ setting, found }, k) => ({ setting, found: picked(found, kept, places[k]!) })),
    asked: asked.length,
  };
}

/** The rows of these images, in their order. */
function picked(
  rows: Collected<OutputRows>,
  kept: Int32Array,
  places: ReadonlyMap<number, number>,
): Collected<OutputRows> {
  const from = Array.from(kept, (index) => places.get(index) ?? 0);
  if (from.length === rows.indices.length && from.every((place, i) => place === i))
    return { ...rows, indices: kept };
  const { labels } = rows;
  return {
    ...rows,
    rows: chosenRows(rows.rows, from),
    indices: kept,
    ...(labels && { labels: Int32Array.from(from, (i) => labels[i]!) }),
  };
}
