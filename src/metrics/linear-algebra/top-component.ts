import { stream } from '../../random/stream.js';
import { length2, times, transposed, transposedTimes } from './matrix.js';
import { symmetricEigen } from './symmetric-eigen.js';

/** Enough where the second singular value is at most 0.97 of the first. */
const STEPS = 500;

/**
 * A matrix X (rows, columns), row-major, less its largest singular component, X - s1 u1 v1', in double precision:
 * of numbers in the range of float32. Of equal largest singular values it may be any one's.
 */
export function withoutTopComponent(matrix: ArrayLike<number>, rows: number, columns: number): Float64Array {
  if (rows < columns)
    return transposed(withoutTopComponent(transposed(matrix, rows, columns), columns, rows), columns, rows);
  const rest = Float64Array.from(matrix);
  const v = topDirection(rest, rows, columns);
  const along = times(rest, v);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) rest[i * columns + j]! -= along[i]! * v[j]!;
  return rest;
}

/**
 * v1 of length 1, by power iteration from a start that no matrix is made for; where that does not come to rest, by the
 * eigenvectors of X'X.
 */
function topDirection(matrix: Float64Array, rows: number, columns: number): Float64Array {
  let v = new Float64Array(columns);
  stream({ seed: 0, purpose: 'top-component', example: 0 }).normals(v);
  v = unit(v);
  for (let step = 0; step < STEPS; step++) {
    const next = unit(transposedTimes(matrix, times(matrix, v)));
    const moved = next.reduce((most, value, j) => Math.max(most, Math.abs(value - v[j]!)), 0);
    // Nor do numbers come to rest that are not finite.
    if (!(moved >= 1e-13)) return next;
    v = next;
  }
  return symmetricEigen(gram(matrix, rows, columns), columns).vectors.slice(0, columns);
}

/** x of length 1; zeros stay. */
function unit(x: Float64Array): Float64Array<ArrayBuffer> {
  const length = length2(x) || 1;
  return Float64Array.from(x, (value) => value / length);
}

/** X'X (columns, columns). */
function gram(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const products = new Float64Array(columns * columns);
  for (let i = 0; i < rows; i++) {
    const row = matrix.subarray(i * columns, (i + 1) * columns);
    for (let j = 0; j < columns; j++)
      for (let k = 0; k < columns; k++) products[j * columns + k]! += row[j]! * row[k]!;
  }
  return products;
}
