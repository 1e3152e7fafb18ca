import type { NdArray, Rows } from './columns.js';
import { StoredColumn } from './stored-column.js';

type Typed = new (length: number) => NdArray['data'];

/** Zeros of the type of an array. */
export const zerosLike = (data: NdArray['data'], length: number): NdArray['data'] =>
  new (data.constructor as Typed)(length);

/** Some rows of an array. */
export function chosen(array: NdArray, positions: readonly number[]): NdArray {
  if (array instanceof StoredColumn) return array.chosen(positions);
  const { shape, data } = array;
  const [n, ...rest] = shape as [number, ...number[]];
  const width = data.length / Math.max(1, n);
  const some = zerosLike(data, positions.length * width);
  positions.forEach((from, to) => {
    some.set(data.subarray(from * width, (from + 1) * width), to * width);
  });
  return { shape: [positions.length, ...rest], data: some };
}

/** Some rows of each column. */
export const chosenRows = <R extends Rows>(rows: R, positions: readonly number[]): R =>
  Object.fromEntries(Object.entries(rows).map(([name, array]) => [name, chosen(array, positions)])) as R;
