import { Type } from '../config/type.js';
import { AssayError } from '../errors.js';
import { length2, times } from '../metrics/linear-algebra/matrix.js';
import { pseudoSolve } from '../metrics/linear-algebra/pseudo-inverse.js';
import { eachRowProducts } from '../metrics/linear-algebra/row-products.js';
import { factorised } from './factorised.js';
import { type FitPart, type FitSite, featuresOf, required } from './score.js';

/** The option of scores of what features hold outside the directions in which they vary most. */
export const dimensionsOption = Type.Integer({
  minimum: 0,
  default: 0,
  description: 'Dimensions of the principal space; 0: half of the features, 256 of 512 as published.',
});

/** Errors: `config-invalid` where nothing is left outside. */
export function dimensionsOf(width: number, dimensions: number): number {
  if (dimensions === 0) return Math.floor(width / 2);
  if (dimensions < width || width === 0) return dimensions;
  throw new AssayError('config-invalid', 'a principal space would be all of the features', {
    path: 'dimensions',
    expected: `below ${width}, the number of features`,
    found: `${dimensions}`,
    hint: 'leave the option out, for half of the features',
  });
}

/** Shapes of the statistics of `outsideOf`. */
export const outsideShapes = (width: number, dimensions: number) => ({
  origin: [width],
  outside: [width - dimensionsOf(width, dimensions), width],
});

/**
 * The origin u = -W^+ b, from which features are taken, and an orthonormal basis of the directions outside the principal
 * space: eigenvectors of the mean of (h - u)(h - u)' but for the first (Wang et al. 2022). Reads all images once.
 */
export async function outsideOf(
  parts: AsyncIterable<FitPart>,
  { width, lastLayer, signal }: FitSite,
  dimensions: number,
): Promise<{ origin: Float64Array; outside: Float64Array }> {
  const { weight, bias } = required(lastLayer, 'last layer');
  const origin = pseudoSolve(weight, Float64Array.from(bias)).map((v) => -v);
  const moment = new Float64Array(width * width);
  let count = 0;
  for await (const part of parts) {
    const { n, data } = featuresOf(part);
    count += n;
    // Feature by feature, so that moments are products of rows.
    const centred = Float64Array.from({ length: width * n }, (_, at) => {
      const [j, i] = [Math.floor(at / n), at % n];
      return data[i * width + j]! - origin[j]!;
    });
    const rows = (start: number, of: number, into: Float64Array) =>
      into.set(centred.subarray(start * n, (start + of) * n));
    eachRowProducts(centred, n, width, rows, (products, start, of) => {
      for (let j = 0; j < width; j++)
        for (let k = 0; k < of; k++) moment[j * width + start + k]! += products[j * of + k]!;
    });
  }
  if (count === 0) throw new AssayError('data-invalid', 'there is no image to fit a score to');
  const { vectors } = await factorised(
    'eigen',
    moment.map((v) => v / count),
    width,
    signal,
  );
  return { origin, outside: vectors.slice(dimensionsOf(width, dimensions) * width) };
}

type Numbers = Float64Array | Float32Array;

/** ||N'(h - u)||: the length of what features hold outside. */
export const residualLength = (h: Float64Array, origin: Numbers, outside: Numbers): number =>
  length2(
    times(
      outside,
      h.map((v, j) => v - origin[j]!),
    ),
  );
