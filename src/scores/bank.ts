import { Type } from '../config/type.js';
import { AssayError } from '../errors.js';
import { randomOrder } from '../random/order.js';
import { makeUnit } from './feature-rows.js';
import {
  type Fit,
  type FitPart,
  type FitSite,
  type FitSize,
  featuresOf,
  type ScoreInputs,
  type Statistics,
  statisticsOf,
} from './score.js';

/** The option of scores that compare with single training images. */
export const imagesOption = Type.Integer({
  minimum: 0,
  default: 0,
  description:
    'Training images that are kept, drawn by the seed of the run; 0: all. Memory and time grow with them.',
});

/** How many are kept. */
const keptOf = (images: number, most: number): number => (most === 0 ? images : Math.min(images, most));

/** Numbers that are kept of each image beside its features. */
interface Beside {
  name: string;
  /** How many of an image; [] for one. */
  shape(of: FitSize): readonly number[];
  /** (n, as many), of some images. */
  of(part: FitPart): Float64Array;
}

/** Keeps features of training images to compare with: the statistics `bank` and `size`, and `beside` by its name. */
export function bankFit<Options extends { images: number }>(beside?: Beside): Fit<Options> {
  return {
    role: 'train',
    unlabelled: true,
    options: ['images'],
    keeps: (images, { images: most }) => keptOf(images, most),
    banksAll: (images, { images: most }) => keptOf(images, most) === images,
    shapes(of, { images: most }) {
      const kept = keptOf(of.images, most);
      return {
        bank: { float32: [kept, of.width] },
        ...(beside && { [beside.name]: [kept, ...beside.shape(of)] }),
        size: [1],
      };
    },
    statistics: (parts, site, { images }) => readBank(parts, site, images, beside),
  };
}

/** Bytes of features that are kept at most: what is stored of a unit is held as a whole. */
const LIMIT = 2 ** 31;

/**
 * The features of the images that are kept, (kept, width) in float32, in which systems give them, and `size`, how many
 * there are: fewer where examples failed.
 * Errors: `data-invalid` for more than 2 GiB, and for no image.
 */
async function readBank(
  parts: AsyncIterable<FitPart>,
  site: FitSite,
  most: number,
  beside?: Beside,
): Promise<Statistics> {
  const { images, width, seed } = site;
  const kept = keptOf(images, most);
  if (kept * width * 4 > LIMIT)
    throw new AssayError('data-invalid', 'a score would keep too many features of training images', {
      expected: `at most ${Math.floor(LIMIT / (4 * width))} images of ${width} features`,
      found: `${kept}`,
      hint: 'set its option `images`, to compare with a random part of them',
    });
  const chosen = kept < images ? new Set(randomOrder(images, seed).subarray(0, kept)) : undefined;
  const bank = new Float32Array(kept * width);
  const each = beside ? beside.shape(site).reduce((product, d) => product * d, 1) : 0;
  const numbers = new Float64Array(kept * each);
  let [seen, size] = [0, 0];
  for await (const part of parts) {
    const { n, data } = featuresOf(part);
    const own = beside?.of(part);
    for (let i = 0; i < n; i++) {
      if (chosen && !chosen.has(seen++)) continue;
      for (let j = 0; j < width; j++) bank[size * width + j] = data[i * width + j]!;
      if (own) numbers.set(own.subarray(i * each, (i + 1) * each), size * each);
      size++;
    }
  }
  if (size === 0) throw new AssayError('data-invalid', 'there is no image to fit a score to');
  return { bank, ...(beside && { [beside.name]: numbers }), size: Float64Array.of(size) };
}

export const bankOf = (inputs: ScoreInputs) => statisticsOf(inputs, 'bank', 'size');
type Bank = ReturnType<typeof bankOf>;

/** How many images the bank holds. Errors: `data-invalid` for fewer than k. */
export function sizeOfBank(bank: Bank, k: number): number {
  const size = bank.size[0]!;
  if (size >= k) return size;
  throw new AssayError('data-invalid', 'a score keeps too few training images', {
    expected: `at least ${k}, as many as its option k`,
    found: `${size}`,
    hint: 'lower k, keep more with its option `images`, or give the data set with `role: train` more images',
  });
}

/** Fills an array with rows of the bank, each of length 1 (zeros stay zeros) times `factor`. */
export const unitRowsOf =
  ({ bank }: Bank, width: number, factor: (at: number) => number = () => 1) =>
  (start: number, count: number, into: Float64Array): void => {
    for (let r = 0; r < count; r++) {
      const row = into.subarray(r * width, (r + 1) * width);
      for (let j = 0; j < width; j++) row[j] = bank[(start + r) * width + j]!;
      makeUnit(row);
      const by = factor(start + r);
      if (by !== 1) for (let j = 0; j < width; j++) row[j]! *= by;
    }
  };
