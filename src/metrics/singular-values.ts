import { transposed } from './matrix.js';

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
    beside[2 * k] = diagonal[k];
    if (k + 1 < columns) beside[2 * k + 1] = above[k];
  }
  const pairs = tridiagonalEigenvalues(new Float64Array(2 * columns), beside).sort();
  return pairs.slice(columns).map((value) => Math.max(0, value));
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
  for (let i = k; i < rows; i++) squares += a[i * columns + k] ** 2;
  const head = a[k * columns + k];
  const length = head > 0 ? -Math.sqrt(squares) : Math.sqrt(squares);
  if (squares === 0) return 0;
  a[k * columns + k] = head - length;
  const scale = 1 / (length * (length - head));
  products.fill(0, k + 1);
  for (let i = k; i < rows; i++) {
    const v = a[i * columns + k];
    if (v !== 0) for (let j = k + 1; j < columns; j++) products[j] += v * a[i * columns + j];
  }
  for (let i = k; i < rows; i++) {
    const v = scale * a[i * columns + k];
    if (v !== 0) for (let j = k + 1; j < columns; j++) a[i * columns + j] -= v * products[j];
  }
  return length;
}

/** The same of row k, from the place right of the diagonal on. */
function reflectRow(a: Float64Array, rows: number, columns: number, k: number): number {
  const row = a.subarray(k * columns, (k + 1) * columns);
  let squares = 0;
  for (let j = k + 1; j < columns; j++) squares += row[j] ** 2;
  const head = row[k + 1];
  const length = head > 0 ? -Math.sqrt(squares) : Math.sqrt(squares);
  if (squares === 0) return 0;
  row[k + 1] = head - length;
  const scale = 1 / (length * (length - head));
  for (let i = k + 1; i < rows; i++) {
    const at = i * columns;
    let product = 0;
    for (let j = k + 1; j < columns; j++) product += row[j] * a[at + j];
    for (let j = k + 1; j < columns; j++) a[at + j] -= scale * product * row[j];
  }
  return length;
}

/**
 * By implicit QL steps with Wilkinson's shift (Martin & Wilkinson 1968; Golub & Van Loan 2013, algorithm 8.3.3), in place.
 * @param beside (n): entry i is between i and i + 1; the last is not read
 */
function tridiagonalEigenvalues(diagonal: Float64Array, beside: Float64Array): Float64Array {
  const n = diagonal.length;
  const largest = beside.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  // Relative to the whole matrix: its diagonal is zero at first, which nothing can be small against.
  const negligible = 2 ** -53 * largest;
  for (let l = 0; l < n; l++) {
    for (;;) {
      let m = l;
      while (m < n - 1 && Math.abs(beside[m]) > negligible) m++;
      if (m === l) break;
      step(diagonal, beside, l, m);
    }
  }
  return diagonal;
}

/** One QL step on the block from l to m, from its end to its beginning. */
function step(d: Float64Array, e: Float64Array, l: number, m: number): void {
  const half = (d[l + 1] - d[l]) / (2 * e[l]);
  const root = Math.hypot(half, 1);
  let g = d[m] - d[l] + e[l] / (half + (half >= 0 ? root : -root));
  let [s, c, p] = [1, 1, 0];
  for (let i = m - 1; i >= l; i--) {
    const f = s * e[i];
    const b = c * e[i];
    const r = Math.hypot(f, g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1] -= p;
      e[m] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1] - p;
    const t = (d[i] - g) * s + 2 * c * b;
    p = s * t;
    d[i + 1] = g + p;
    g = c * t - b;
  }
  d[l] -= p;
  e[l] = g;
  e[m] = 0;
}
