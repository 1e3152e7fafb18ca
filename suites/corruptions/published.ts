import type { OutputRows } from '../../src/measurements.js';
import { AssayError, type Collected, type DatasetInfo } from '../../src/suite.js';
import type { Setting } from './settings.js';

/** What images of settings are. */
export const PUBLISHED = 'published files';

/** Rows of one setting. */
export interface Form {
  setting: Setting;
  found: Collected<OutputRows>;
}

type Indexed = Pick<Collected, 'indices' | 'failed'>;

/** Source indices of the examples that were asked for, in ascending order. */
export const askedFor = (all: readonly Indexed[]): Int32Array =>
  Int32Array.from(
    new Set(all.flatMap(({ indices, failed = [] }) => [...indices, ...failed.map(({ example }) => example)])),
  ).sort();

export const placesOf = (indices: Int32Array): Map<number, number> =>
  new Map(Array.from(indices, (index, place) => [index, place]));

/**
 * Where the published form of each clean image stands among the rows, by the source index of the clean one; images that
 * failed have no place. Both sets hold the same examples, so that source indices are the same number apart throughout.
 * @param asked of the clean set
 * Errors: `data-invalid` where other examples or labels stand there.
 */
export function publishedPlaces(
  clean: Collected<OutputRows>,
  asked: Int32Array,
  shifted: Collected<OutputRows>,
  { dataset, from }: NonNullable<Setting['published']>,
): Map<number, number> {
  const own = askedFor([shifted]).subarray(from, from + asked.length);
  const apart = own[0]! - asked[0]!;
  const moved = asked.findIndex((index, i) => own[i] !== index + apart);
  if (moved >= 0) throw unpaired(dataset, clean, `image ${moved} is another example`);
  const places = placesOf(shifted.indices.map((index) => index - apart));
  const other = clean.indices.findIndex((index, i) => {
    const place = places.get(index);
    return place !== undefined && shifted.labels?.[place] !== clean.labels?.[i];
  });
  if (other >= 0) throw unpaired(dataset, clean, `image ${other} has another label`);
  return places;
}

const unpaired = ({ name, path }: DatasetInfo, { request }: Collected, found: string) =>
  new AssayError('data-invalid', `"${name}" does not hold the images of "${request.dataset}"`, {
    file: path,
    expected: 'the same examples in the same order',
    found,
    hint: `give both the same \`limit\` and \`offset\`, or leave "${name}" out of \`datasets\` of the suite`,
  });
