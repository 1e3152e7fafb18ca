type Numbers = Float64Array | Float32Array;

/** A x, of a matrix A (rows, x.length), row-major. */
export function times(matrix: Numbers | ArrayLike<number>, x: Numbers): Float64Array {
  const columns = x.length;
  const product = new Float64Array(matrix.length / columns);
  for (let i = 0; i < product.length; i++) {
    let sum = 0;
    for (let j = 0; j < columns; j++) sum += matrix[i * columns + j]! * x[j]!;
    product[i] = sum;
  }
  return product;
}

/** A' y, of a matrix A (y.length, columns), row-major. */
export function transposedTimes(matrix: Numbers | ArrayLike<number>, y: Numbers): Float64Array {
  const columns = matrix.length / y.length;
  const product = new Float64Array(columns);
  for (let i = 0; i < y.length; i++)
    for (let j = 0; j < columns; j++) product[j]! += matrix[i * columns + j]! * y[i]!;
  return product;
}

/** A', of a matrix A (rows, columns), row-major. */
export function transposed(matrix: ArrayLike<number>, rows: number, columns: number): Float64Array {
  const result = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) result[j * rows + i] = matrix[i * columns + j]!;
  return result;
}

/** x' y */
export function dot(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let sum = 0;
  for (let j = 0; j < x.length; j++) sum += x[j]! * y[j]!;
  return sum;
}

/** ||x||_2 */
export const length2 = (x: ArrayLike<number>): number => Math.sqrt(dot(x, x));

/** ||x||_1 */
export function length1(x: ArrayLike<number>): number {
  let sum = 0;
  for (let j = 0; j < x.length; j++) sum += Math.abs(x[j]!);
  return sum;
}
