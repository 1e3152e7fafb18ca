import { length2 } from '../metrics/linear-algebra/matrix.js';
import { LOGIT_ROUNDING } from './rounding.js';
import { featuresOf, type ScoreInputs } from './score.js';

/** (n) A number of each row of features. `h` is the same array for all rows. */
export function perFeatureRow(
  inputs: Pick<ScoreInputs, 'features'>,
  row: (h: Float64Array, i: number) => number,
): Float64Array {
  const { n, width, data } = featuresOf(inputs);
  const h = new Float64Array(width);
  return Float64Array.from({ length: n }, (_, i) => {
    for (let j = 0; j < width; j++) h[j] = data[i * width + j]!;
    return row(h, i);
  });
}

/**
 * (n) How far a score of features may be off when each feature is off by `LOGIT_ROUNDING` of the largest, to first order:
 * `slope` is the sum over features of |d score / d h_j|, or a bound of it. A last place of the value is added.
 */
export const featureRounding = (
  inputs: ScoreInputs,
  values: Float64Array,
  slope: (h: Float64Array, i: number) => number,
): Float64Array =>
  perFeatureRow(inputs, (h, i) => featureError(h) * slope(h, i) + 2 ** -50 * Math.abs(values[i]!));

/** How far each feature is taken to be off. */
export const featureError = (h: Float64Array): number => LOGIT_ROUNDING * largestSize(h);

/** max_j |h_j| */
const largestSize = (h: Float64Array): number => h.reduce((largest, v) => Math.max(largest, Math.abs(v)), 0);

/** How far a cosine to features turns, over `LOGIT_ROUNDING`, when each is off by that share of the largest. */
export const turned = (h: Float64Array): number =>
  (2 * Math.sqrt(h.length) * largestSize(h)) / (length2(h) || 1);

/** Rows of length 1, (n, width); a row of zeros stays as it is. */
export function unitRows(inputs: Pick<ScoreInputs, 'features'>): Float64Array {
  const { n, width, data } = featuresOf(inputs);
  const rows = Float64Array.from(data);
  for (let i = 0; i < n; i++) makeUnit(rows.subarray(i * width, (i + 1) * width));
  return rows;
}

/** To length 1, in place; zeros stay zeros. Gives the length that it had. */
export function makeUnit(h: Float64Array): number {
  let squares = 0;
  for (let j = 0; j < h.length; j++) squares += h[j]! * h[j]!;
  const length = Math.sqrt(squares);
  if (length > 0) for (let j = 0; j < h.length; j++) h[j]! /= length;
  return length;
}
