import { diagonaliseTridiagonal } from './tridiagonal-ql.js';

/** Eigenvalues, the largest first, and their eigenvectors of length 1, row after row (size, size). */
export interface SymmetricEigen {
  values: Float64Array;
  vectors: Float64Array;
}

/**
 * Of a symmetric matrix (size, size), row-major: Householder reflections make it tridiagonal (Martin, Reinsch & Wilkinson
 * 1968), implicit QL steps make that diagonal (Martin & Wilkinson 1968; Golub & Van Loan 2013, section 8.3). Each
 * eigenvalue is right to about the rounding of the largest. O(size^3).
 */
export function symmetricEigen(matrix: Float64Array, size: number): SymmetricEigen {
  const unit = unitOf(matrix);
  const { diagonal, beside, basis } = tridiagonal(
    matrix.map((value) => value / unit),
    size,
  );
  diagonaliseTridiagonal(diagonal, beside, (i, c, s) => rotate(basis, size, i, c, s));
  const order = Array.from(diagonal.keys()).sort((a, b) => diagonal[b]! - diagonal[a]!);
  const vectors = new Float64Array(size * size);
  order.forEach((from, to) => {
    vectors.set(basis.subarray(from * size, (from + 1) * size), to * size);
  });
  return { values: Float64Array.from(order, (k) => diagonal[k]! * unit), vectors };
}

/** A power of two near the largest of some numbers: in such units, exactly, squares neither vanish nor overflow. */
function unitOf(values: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]!));
  return largest === 0 ? 1 : 2 ** Math.floor(Math.log2(largest));
}

/**
 * `basis` holds, row after row, the directions in which the matrix is tridiagonal, and `beside[i]` what is between i and
 * i + 1; `a` is overwritten.
 */
function tridiagonal(a: Float64Array, n: number) {
  const diagonal = new Float64Array(n);
  const beside = new Float64Array(n);
  const basis = new Float64Array(n * n);
  for (let i = 0; i < n; i++) basis[i * n + i] = 1;
  for (let k = 0; k + 1 < n; k++) {
    // H = 1 - scale v v' takes column k below the diagonal to a multiple of its first entry.
    const v = new Float64Array(n);
    for (let i = k + 1; i < n; i++) v[i] = a[i * n + k]!;
    const unit = unitOf(v);
    let squares = 0;
    for (let i = k + 1; i < n; i++) {
      v[i]! /= unit;
      squares += v[i]! ** 2;
    }
    const head = v[k + 1]!;
    if (v.every((value, i) => value === 0 || i === k + 1)) {
      beside[k] = head * unit;
      continue;
    }
    const length = head > 0 ? -Math.sqrt(squares) : Math.sqrt(squares);
    beside[k] = length * unit;
    v[k + 1] = head - length;
    const scale = 1 / (length * (length - head));
    reflectBothSides(a, n, v, scale, k + 1);
    reflectRows(basis, n, v, scale, k + 1);
  }
  for (let i = 0; i < n; i++) diagonal[i] = a[i * n + i]!;
  return { diagonal, beside, basis };
}

/** A := H A H, in the block from `first` on. */
function reflectBothSides(a: Float64Array, n: number, v: Float64Array, scale: number, first: number): void {
  const p = new Float64Array(n);
  let inner = 0;
  for (let i = first; i < n; i++) {
    let sum = 0;
    for (let j = first; j < n; j++) sum += a[i * n + j]! * v[j]!;
    p[i] = scale * sum;
    inner += p[i]! * v[i]!;
  }
  const half = (scale * inner) / 2;
  for (let i = first; i < n; i++) p[i]! -= half * v[i]!;
  for (let i = first; i < n; i++)
    for (let j = first; j < n; j++) a[i * n + j]! -= v[i]! * p[j]! + p[i]! * v[j]!;
}

/** B := H B. */
function reflectRows(b: Float64Array, n: number, v: Float64Array, scale: number, first: number): void {
  const sums = new Float64Array(n);
  for (let i = first; i < n; i++) for (let j = 0; j < n; j++) sums[j]! += v[i]! * b[i * n + j]!;
  for (let i = first; i < n; i++) {
    const by = scale * v[i]!;
    for (let j = 0; j < n; j++) b[i * n + j]! -= by * sums[j]!;
  }
}

/** Rows i and i + 1, turned. */
function rotate(basis: Float64Array, n: number, i: number, c: number, s: number): void {
  const [at, next] = [i * n, (i + 1) * n];
  for (let j = 0; j < n; j++) {
    const f = basis[next + j]!;
    basis[next + j] = s * basis[at + j]! + c * f;
    basis[at + j] = c * basis[at + j]! - s * f;
  }
}
