/** L of C = L L', up to the rank of C. */
export interface Cholesky {
  /** (size, size), rows in `order`; columns beyond the rank are zero. */
  lower: Float64Array;
  order: Int32Array;
  rank: number;
}

/** What is left of a diagonal is taken for rounding below this share of its largest, for every row. */
const ROUNDING = 2 ** -52;

/**
 * Cholesky's method with pivoting, which shows the rank of a symmetric matrix (size, size) without negative eigenvalues.
 * Source: Higham 1990, "Analysis of the Cholesky decomposition of a semi-definite matrix".
 */
export function pivotedCholesky(matrix: Float64Array, size: number): Cholesky {
  const order = Int32Array.from({ length: size }, (_, i) => i);
  const lower = new Float64Array(size * size);
  const left = Float64Array.from({ length: size }, (_, i) => matrix[i * size + i]!);
  const tolerance = size * ROUNDING * left.reduce((a, b) => Math.max(a, b), 0);
  for (let k = 0; k < size; k++) {
    let pivot = k;
    for (let i = k + 1; i < size; i++) if (left[i]! > left[pivot]!) pivot = i;
    if (!(left[pivot]! > tolerance)) return { lower, order, rank: k };
    swap(order, k, pivot);
    swap(left, k, pivot);
    for (let j = 0; j < k; j++) {
      const held = lower[k * size + j]!;
      lower[k * size + j] = lower[pivot * size + j]!;
      lower[pivot * size + j] = held;
    }
    const root = Math.sqrt(left[k]!);
    lower[k * size + k] = root;
    for (let i = k + 1; i < size; i++) {
      let sum = matrix[order[i]! * size + order[k]!]!;
      for (let j = 0; j < k; j++) sum -= lower[i * size + j]! * lower[k * size + j]!;
      lower[i * size + k] = sum / root;
      left[i]! -= lower[i * size + k]! ** 2;
    }
  }
  return { lower, order, rank: size };
}

function swap(values: Int32Array | Float64Array, a: number, b: number): void {
  const held = values[a]!;
  values[a] = values[b]!;
  values[b] = held;
}
