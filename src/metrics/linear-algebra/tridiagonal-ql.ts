/**
 * Makes a symmetric tridiagonal matrix diagonal, in place, by implicit QL steps with Wilkinson's shift (Martin & Wilkinson
 * 1968; Golub & Van Loan 2013, algorithm 8.3.3): `diagonal` then holds the eigenvalues, in no order.
 * @param diagonal (n)
 * @param beside (n): entry i is between i and i + 1; the last is 0
 * @param turn is told of every rotation, of the places i and i + 1 by cosine and sine: eigenvectors are made of them
 */
export function diagonaliseTridiagonal(
  diagonal: Float64Array,
  beside: Float64Array,
  turn?: (i: number, cosine: number, sine: number) => void,
): void {
  const n = diagonal.length;
  // Relative to the whole matrix: its diagonal may be zero, which nothing can be small against.
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, Math.abs(diagonal[i]!) + Math.abs(beside[i]!));
  const negligible = 2 ** -53 * largest;
  for (let l = 0; l < n; l++) {
    for (;;) {
      let m = l;
      while (m < n - 1 && Math.abs(beside[m]!) > negligible) m++;
      if (m === l) break;
      step(diagonal, beside, l, m, turn);
    }
  }
}

/** One QL step on the block from l to m, from its end to its beginning. */
function step(
  d: Float64Array,
  e: Float64Array,
  l: number,
  m: number,
  turn: ((i: number, c: number, s: number) => void) | undefined,
): void {
  const half = (d[l + 1]! - d[l]!) / (2 * e[l]!);
  const root = Math.hypot(half, 1);
  let g = d[m]! - d[l]! + e[l]! / (half + (half >= 0 ? root : -root));
  let [s, c, p] = [1, 1, 0];
  for (let i = m - 1; i >= l; i--) {
    const f = s * e[i]!;
    const b = c * e[i]!;
    const r = Math.hypot(f, g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1]! -= p;
      e[m] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1]! - p;
    const t = (d[i]! - g) * s + 2 * c * b;
    p = s * t;
    d[i + 1] = g + p;
    g = c * t - b;
    turn?.(i, c, s);
  }
  d[l]! -= p;
  e[l] = g;
  e[m] = 0;
}
