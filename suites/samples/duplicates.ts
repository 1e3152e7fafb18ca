import type { NdArray } from '../../src/suite.js';

/** Images that differ by less than five levels of 255, root mean square, look the same. */
export const SAME = 5 / 255;

/** Pairs grow with the square: of more samples each is compared with as many around it only, half before and half after. */
const MOST = 2000;

/** What of n samples counts as looking alike. */
export const alikeNote = (n: number): string =>
  `closer than ${(255 * SAME).toFixed(0)} levels of 255, root mean square${n > MOST ? `; each compared with the ${MOST} around it only` : ''}`;

/** Root mean square difference of each sample, (n), from the nearest of those it is compared with; empty for a single one. */
export function nearestRms({ shape, data }: NdArray<Float32Array>): Float64Array {
  const n = shape[0]!;
  if (n < 2) return new Float64Array(0);
  const size = data.length / n;
  const before = n <= MOST ? n : MOST / 2;
  const least = new Float64Array(n).fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i < n; i++)
    for (let j = Math.max(0, i - before); j < i; j++) {
      const enough = Math.max(least[i]!, least[j]!);
      let squares = 0;
      for (let start = 0; start < size && squares < enough; start += 256) {
        const end = Math.min(size, start + 256);
        for (let k = start; k < end; k++) squares += (data[i * size + k]! - data[j * size + k]!) ** 2;
      }
      if (squares < least[i]!) least[i] = squares;
      if (squares < least[j]!) least[j] = squares;
    }
  return least.map((squares) => Math.sqrt(squares / size));
}
