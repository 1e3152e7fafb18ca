import { times } from '../metrics/linear-algebra/matrix.js';
import type { LastLayer } from './score.js';

/** W h + b, in double precision. */
export const layerLogits = ({ weight, bias }: LastLayer, h: Float64Array): Float64Array =>
  times(weight, h).map((value, c) => value + bias[c]!);

/** Row c of W. */
export function weightRow({ weight }: LastLayer, c: number, width: number): Float64Array {
  return Float64Array.from({ length: width }, (_, j) => weight[c * width + j]!);
}
