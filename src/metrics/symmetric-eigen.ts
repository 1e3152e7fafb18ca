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
  const { diagonal, beside, basis } = tridiagonal(matrix.slice(), size);
  diagonalise(diagonal, beside, basis, size);
  const order = Array.from(diagonal.keys()).sort((a, b) => diagonal[b] - diagonal[a]);
  const vectors = new Float64Array(size * size);
  order.forEach((from, to) => {
    vectors.set(basis.subarray(from * size, (from + 1) * size), to * size);
  });
  return { values: Float64Array.from(order, (k) => diagonal[k]), vectors };
}

/** `basis` holds, row after row, the directions in which the matrix is tridiagonal; `a` is overwritten. */
function tridiagonal(a: Float64Array, n: number) {
  const diagonal = new Float64Array(n);
  const beside = new Float64Array(n);
  const basis = new Float64Array(n * n);
  for (let i = 0; i < n; i++) basis[i * n + i] = 1;
  for (let k = 0; k + 1 < n; k++) {
    // H = 1 - scale v v' takes column k below the diagonal to a multiple of its first entry.
    const v = new Float64Array(n);
    let squares = 0;
    for (let i = k + 1; i < n; i++) {
      v[i] = a[i * n + k];
      squares += v[i] ** 2;
    }
    const head = v[k + 1];
    const length = head > 0 ? -Math.sqrt(squares) : Math.sqrt(squares);
    beside[k] = length;
    if (length === 0 || squares === head ** 2) {
      beside[k] = head;
      continue;
    }
    v[k + 1] = head - length;
    const scale = 1 / (length * (length - head));
    reflectBothSides(a, n, v, scale, k + 1);
    reflectRows(basis, n, v, scale, k + 1);
  }
  for (let i = 0; i < n; i++) diagonal[i] = a[i * n + i];
  return { diagonal, beside, basis };
}

/** A := H A H, in the block from `first` on. */
function reflectBothSides(a: Float64Array, n: number, v: Float64Array, scale: number, first: number): void {
  const p = new Float64Array(n);
  let inner = 0;
  for (let i = first; i < n; i++) {
    let sum = 0;
    for (let j = first; j < n; j++) sum += a[i * n + j] * v[j];
    p[i] = scale * sum;
    inner += p[i] * v[i];
  }
  const half = (scale * inner) / 2;
  for (let i = first; i < n; i++) p[i] -= half * v[i];
  for (let i = first; i < n; i++) for (let j = first; j < n; j++) a[i * n + j] -= v[i] * p[j] + p[i] * v[j];
}

/** B := H B. */
function reflectRows(b: Float64Array, n: number, v: Float64Array, scale: number, first: number): void {
  const sums = new Float64Array(n);
  for (let i = first; i < n; i++) for (let j = 0; j < n; j++) sums[j] += v[i] * b[i * n + j];
  for (let i = first; i < n; i++) {
    const by = scale * v[i];
    for (let j = 0; j < n; j++) b[i * n + j] -= by * sums[j];
  }
}

/** Rotations of the rows of `basis` make the tridiagonal matrix diagonal, in place. `beside[i]` is between i and i + 1. */
function diagonalise(d: Float64Array, e: Float64Array, basis: Float64Array, n: number): void {
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, Math.abs(d[i]) + Math.abs(e[i]));
  const negligible = 2 ** -53 * largest;
  for (let l = 0; l < n; l++) {
    for (;;) {
      let m = l;
      while (m < n - 1 && Math.abs(e[m]) > negligible) m++;
      if (m === l) break;
      step(d, e, l, m, (i, c, s) => rotate(basis, n, i, c, s));
    }
  }
}

/** One QL step on the block from l to m, from its end to its beginning. */
function step(
  d: Float64Array,
  e: Float64Array,
  l: number,
  m: number,
  turn: (i: number, c: number, s: number) => void,
): void {
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
    turn(i, c, s);
  }
  d[l] -= p;
  e[l] = g;
  e[m] = 0;
}

/** Rows i and i + 1, turned. */
function rotate(basis: Float64Array, n: number, i: number, c: number, s: number): void {
  const [at, next] = [i * n, (i + 1) * n];
  for (let j = 0; j < n; j++) {
    const f = basis[next + j];
    basis[next + j] = s * basis[at + j] + c * f;
    basis[at + j] = c * basis[at + j] - s * f;
  }
}
