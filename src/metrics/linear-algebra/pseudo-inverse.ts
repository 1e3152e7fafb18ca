import { times, transposedTimes } from './matrix.js';
import { symmetricEigen } from './symmetric-eigen.js';

/**
 * A^+ y, of a matrix A (y.length, columns) of whatever rank: A' (A A')^+ y. Directions in which A A' is below the rounding
 * of its largest eigenvalue do not count.
 */
export function pseudoSolve(matrix: ArrayLike<number>, y: Float64Array): Float64Array {
  const rows = y.length;
  const columns = matrix.length / rows;
  const gram = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++)
    for (let k = 0; k <= i; k++) {
      let sum = 0;
      for (let j = 0; j < columns; j++) sum += matrix[i * columns + j]! * matrix[k * columns + j]!;
      gram[i * rows + k] = gram[k * rows + i] = sum;
    }
  const { values, vectors } = symmetricEigen(gram, rows);
  const tolerance = Math.max(rows, columns) * 2 ** -52 * values[0]!;
  const along = times(vectors, y).map((v, k) => (values[k]! > tolerance ? v / values[k]! : 0));
  return transposedTimes(matrix, transposedTimes(vectors, along));
}
