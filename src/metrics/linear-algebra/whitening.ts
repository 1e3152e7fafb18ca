import { pivotedCholesky } from './pivoted-cholesky.js';

/** A matrix W (size, size), row-major, with |W x|^2 = x' C^+ x, and the rank of C. */
export interface Whitening {
  matrix: Float64Array;
  rank: number;
}

/**
 * Whitens by a covariance C (size, size): symmetric, without negative eigenvalues, of whatever rank. C^+ is its
 * pseudo-inverse, so that directions in which nothing varies do not count. C = L L' by Cholesky's method with pivoting,
 * which shows the rank r; then W = L^-1, or (L'L)^-1 L' where r < size; rows beyond r are zero.
 * Source: Higham 1990, "Analysis of the Cholesky decomposition of a semi-definite matrix".
 */
export function whiten(covariance: Float64Array, size: number): Whitening {
  const { lower, order, rank } = pivotedCholesky(covariance, size);
  const rows = Array.from({ length: size }, (_, i) => lower.subarray(i * size, i * size + rank));
  const matrix = new Float64Array(size * size);
  const place = (k: number, i: number, value: number) => {
    matrix[k * size + order[i]!] = value;
  };
  if (rank === size) {
    for (let i = 0; i < size; i++) {
      const unit = new Float64Array(size);
      unit[i] = 1;
      for (const [k, value] of solveLower(lower, size, unit).entries()) place(k, i, value);
    }
    return { matrix, rank };
  }
  const gram = new Float64Array(rank * rank);
  for (const row of rows)
    for (let k = 0; k < rank; k++) for (let j = 0; j < rank; j++) gram[k * rank + j]! += row[k]! * row[j]!;
  const half = pivotedCholesky(gram, rank);
  rows.forEach((row, i) => {
    // (L'L) x = row: forwards, then backwards, in the order of the pivots.
    const y = solveLower(
      half.lower,
      rank,
      Float64Array.from(half.order, (k) => row[k]!),
    );
    for (const [k, value] of solveUpper(half.lower, rank, y).entries()) place(half.order[k]!, i, value);
  });
  return { matrix, rank };
}

/** x with L x = y. */
function solveLower(lower: Float64Array, size: number, y: Float64Array): Float64Array {
  const x = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    let sum = y[i]!;
    for (let j = 0; j < i; j++) sum -= lower[i * size + j]! * x[j]!;
    x[i] = sum / lower[i * size + i]!;
  }
  return x;
}

/** x with L' x = y. */
function solveUpper(lower: Float64Array, size: number, y: Float64Array): Float64Array {
  const x = new Float64Array(size);
  for (let i = size - 1; i >= 0; i--) {
    let sum = y[i]!;
    for (let j = i + 1; j < size; j++) sum -= lower[j * size + i]! * x[j]!;
    x[i] = sum / lower[i * size + i]!;
  }
  return x;
}
