import { transposed } from './matrix.js';
import { diagonaliseTridiagonal } from './tridiagonal-ql.js';

/**
 * The singular values of a matrix (rows, columns), row-major, in no order: min(rows, columns) of them, each right to
 * about the rounding of the largest. Householder reflections make it bidiagonal (Golub & Kahan 1965); the values are the
 * eigenvalues of the symmetric tridiagonal matrix with a zero diagonal and both diagonals of that one beside it, which come
 * in pairs +s, -s (Golub & Van Loan 2013, section 8.6.1). Squares of the matrix, which lose half of the digits, are never
 * formed.
 */
export function singularValues(matrix: Float64Array, rows: number, columns: number): Float64Array {
  if (rows < columns) return singularValues(transposed(matrix, rows, columns), columns, rows);
  const { diagonal, above } = bidiagonal(matrix.slice(), rows, columns);
  const beside = new Float64Array(2 * columns);
  for (let k = 0; k < columns; k++) {
    beside[2 * k] = diagonal[k]!;
    if (k + 1 < columns) beside[2 * k + 1] = above[k]!;
  }
  const pairs = new Float64Array(2 * columns);
  diagonaliseTridiagonal(pairs, beside);
  return pairs
    .sort()
    .slice(columns)
    .map((value) => Math.max(0, value));
}

/** Reflections from the left and from the right in turn; `a` (rows >= columns) is overwritten. */
function bidiagonal(a: Float64Array, rows: number, columns: number) {
  const diagonal = new Float64Array(columns);
  const above = new Float64Array(columns);
  const products = new Float64Array(columns);
  for (let k = 0; k < columns; k++) {
    diagonal[k] = reflectColumn(a, rows, columns, k, products);
    if (k + 1 < columns) above[k] = reflectRow(a, rows, columns, k);
  }
  return { diagonal, above };
}

/** Takes column k to a multiple of its first entry, from the diagonal down; gives that multiple. */
function reflectColumn(
  a: Float64Array,
  rows: number,
  columns: number,
  k: number,
  products: Float64Array,
): number {
  let squares = 0;
  for (let i = k; i < rows; i++) squares += a[i * columns + k]! ** 2;
  const head = a[k * columns + k]!;
  const length = head > 0 ? -Math.sqrt(squares) : Math.sqrt(squares);
  if (squares === 0) return 0;
  a[k * columns + k] = head - length;
  const scale = 1 / (length * (length - head));
  products.fill(0, k + 1);
  for (let i = k; i < rows; i++) {
    const v = a[i * columns + k]!;
    if (v !== 0) for (let j = k + 1; j < columns; j++) products[j]! += v * a[i * columns + j]!;
  }
  for (let i = k; i < rows; i++) {
    const v = scale * a[i * columns + k]!;
    if (v !== 0) for (let j = k + 1; j < columns; j++) a[i * columns + j]! -= v * products[j]!;
  }
  return length;
}

/** The same of row k, from the place right of the diagonal on. */
function reflectRow(a: Float64Array, rows: number, columns: number, k: number): number {
  const row = a.subarray(k * columns, (k + 1) * columns);
  let squares = 0;
  for (let j = k + 1; j < columns; j++) squares += row[j]! ** 2;
  const head = row[k + 1]!;
  const length = head > 0 ? -Math.sqrt(squares) : Math.sqrt(squares);
  if (squares === 0) return 0;
  row[k + 1] = head - length;
  const scale = 1 / (length * (length - head));
  for (let i = k + 1; i < rows; i++) {
    const at = i * columns;
    let product = 0;
    for (let j = k + 1; j < columns; j++) product += row[j]! * a[at + j]!;
    for (let j = k + 1; j < columns; j++) a[at + j]! -= scale * product * row[j]!;
  }
  return length;
}
